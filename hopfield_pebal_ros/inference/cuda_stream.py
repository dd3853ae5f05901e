"""One stream of a CUDA GPU with the buffers it fills and empties, whichever library is there."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy.typing as npt

from hopfield_pebal_ros.inference.engine import EngineError


class CudaError(EngineError):
    """A CUDA call failed; the message names the call and CUDA's word for the error."""


@dataclass(frozen=True)
class Gpu:
    """Which GPU a plan is built for."""

    name: str
    compute_capability: str
    """Such as '8.7'."""


class PinnedBuffer(Protocol):
    """Memory of the GPU with its twin in page-locked memory of the host."""

    @property
    def host(self) -> npt.NDArray[Any]: ...

    @property
    def address(self) -> int:
        """Where the GPU's memory begins."""
        ...

    def to_device(self) -> None:
        """Queue the copy from host to GPU on the stream; it returns before the copy is done."""
        ...

    def to_host(self) -> None:
        """Queue the copy from GPU to host on the stream; it returns before the copy is done."""
        ...


class CudaStream(Protocol):
    """A stream of its own, never CUDA's default stream, which waits for all others.

    Every method raises `CudaError` where CUDA refuses.
    """

    @property
    def gpu(self) -> Gpu: ...

    @property
    def handle(self) -> int:
        """The stream as TensorRT wants it (cudaStream_t)."""
        ...

    def make_current(self) -> None:
        """Let the calling thread work on this GPU; each thread starts out on GPU 0."""
        ...

    def allocate(self, shape: tuple[int, ...], dtype: npt.DTypeLike) -> PinnedBuffer: ...

    def free_bytes(self) -> int:
        """Return how much memory of the GPU is free."""
        ...

    def capture(self, work: Callable[[], None]) -> Callable[[], None]:
        """Record what `work` queues on the stream; the result queues it all in one call."""
        ...

    def synchronize(self) -> None:
        """Wait until everything queued is done."""
        ...

    def close(self) -> None:
        """Free the stream, its buffers and recordings; a second call does nothing."""
        ...


def open_stream(device: str) -> CudaStream:
    """Open a stream on 'CUDA' (the first GPU) or 'CUDA:1', through cuda-python, else torch.

    Raises:
        EngineError: another device, neither library, or no such GPU.
    """
    from hopfield_pebal_ros.inference.cuda_python_stream import CudaPythonStream
    from hopfield_pebal_ros.inference.cuda_torch_stream import CudaTorchStream

    index = gpu_index(device)
    try:
        return CudaPythonStream(index)
    except ImportError as cuda_error:
        try:
            return CudaTorchStream(index)
        except ImportError as torch_error:
            raise EngineError(
                f"backend 'tensorrt' needs cuda-python or torch to reach the GPU ({cuda_error}; "
                f'{torch_error}); pip install cuda-python'
            ) from None


def gpu_index(device: str) -> int:
    """Return the number of the GPU.

    Raises:
        EngineError: not a CUDA device.
    """
    found = re.fullmatch(r'CUDA(?::(\d+))?', device)
    if not found:
        raise EngineError(
            f"backend 'tensorrt' runs on device 'CUDA' or 'CUDA:1', got {device!r}; name one of "
            "these, or ask for backend 'openvino'"
        )
    return int(found[1] or 0)


def check_gpu_count(index: int, count: int, *, reason: str = '') -> None:
    """Refuse a GPU that is not there.

    Raises:
        EngineError: there are fewer GPUs.
    """
    if index >= count:
        raise EngineError(
            f'CUDA GPU {index} was asked for, found {count}{reason and f" ({reason})"}; install '
            "NVIDIA's driver or pass the GPU to the container, name another device, or ask for "
            "backend 'openvino'"
        )
