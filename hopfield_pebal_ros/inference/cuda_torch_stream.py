"""A CUDA stream and its buffers through torch, where cuda-python is not installed."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.inference.cuda_stream import CudaError, Gpu, PinnedBuffer, check_gpu_count

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, eq=False)
class CudaTorchBuffer:
    """Memory on both sides, and the stream that copies between them."""

    stream: CudaTorchStream
    pinned: torch.Tensor
    device: torch.Tensor

    @property
    def host(self) -> npt.NDArray[Any]:
        return self.pinned.numpy()

    @property
    def address(self) -> int:
        return self.device.data_ptr()

    def to_device(self) -> None:
        with self.stream.working():
            self.device.copy_(self.pinned, non_blocking=True)

    def to_host(self) -> None:
        with self.stream.working():
            self.pinned.copy_(self.device, non_blocking=True)


class CudaTorchStream:
    """See `CudaStream`."""

    def __init__(self, index: int) -> None:
        import torch

        self._torch: Any = torch
        is_available = torch.cuda.is_available()
        count = torch.cuda.device_count() if is_available else 0
        check_gpu_count(index, count, reason='' if is_available else 'torch sees no CUDA')
        self._device = torch.device('cuda', index)
        self._stream = self._torch.cuda.Stream(self._device)
        properties = torch.cuda.get_device_properties(self._device)
        self.gpu = Gpu(properties.name, f'{properties.major}.{properties.minor}')
        self.handle = int(self._stream.cuda_stream)

    def make_current(self) -> None:
        with _as_cuda_errors():
            self._torch.cuda.set_device(self._device)

    @contextlib.contextmanager
    def working(self) -> Iterator[None]:
        """Queue what torch does on this stream."""
        with _as_cuda_errors(), self._torch.cuda.stream(self._stream):
            yield

    def allocate(self, shape: tuple[int, ...], dtype: npt.DTypeLike) -> PinnedBuffer:
        torch_dtype = self._torch.from_numpy(np.empty(0, dtype)).dtype
        with _as_cuda_errors():
            return CudaTorchBuffer(
                self,
                self._torch.empty(shape, dtype=torch_dtype, pin_memory=True),
                self._torch.empty(shape, dtype=torch_dtype, device=self._device),
            )

    def free_bytes(self) -> int:
        with _as_cuda_errors():
            free, _ = self._torch.cuda.mem_get_info(self._device)
        return int(free)

    def capture(self, work: Callable[[], None]) -> Callable[[], None]:
        graph = self._torch.cuda.CUDAGraph()
        # of this thread only: another thread may allocate meanwhile
        mode = 'thread_local'
        recording = self._torch.cuda.graph(graph, stream=self._stream, capture_error_mode=mode)
        with _as_cuda_errors(), recording:
            work()

        def launch() -> None:
            with self.working():
                graph.replay()

        return launch

    def synchronize(self) -> None:
        with _as_cuda_errors():
            self._stream.synchronize()

    def close(self) -> None:
        """Do nothing: torch frees the buffers and graphs with their last user."""


@contextlib.contextmanager
def _as_cuda_errors() -> Iterator[None]:
    """Give torch's errors, of several types below RuntimeError, the one name of this package."""
    try:
        yield
    except CudaError:
        raise
    except RuntimeError as error:
        raise CudaError(f'torch: {error}') from error
