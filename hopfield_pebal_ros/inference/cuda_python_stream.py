"""A CUDA stream and its buffers through cuda-python."""

import contextlib
import ctypes
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.inference.cuda_stream import CudaError, Gpu, PinnedBuffer, check_gpu_count


@dataclass(frozen=True, eq=False)
class CudaPythonBuffer:
    """Memory on both sides, and the stream that copies between them."""

    cudart: Any
    stream: Any
    host: npt.NDArray[Any]
    address: int

    def to_device(self) -> None:
        self._copy(self.address, self.host.ctypes.data, 'cudaMemcpyHostToDevice')

    def to_host(self) -> None:
        self._copy(self.host.ctypes.data, self.address, 'cudaMemcpyDeviceToHost')

    def _copy(self, target: int, source: int, direction: str) -> None:
        kind = getattr(self.cudart.cudaMemcpyKind, direction)
        call(self.cudart.cudaMemcpyAsync, target, source, self.host.nbytes, kind, self.stream)


class CudaPythonStream:
    """See `CudaStream`."""

    def __init__(self, index: int) -> None:
        self._cudart = cudart = import_cudart()
        self._index = index
        error, count = cudart.cudaGetDeviceCount()
        check_gpu_count(index, count or 0, reason=error.name if int(error) else '')
        self.make_current()
        properties = call(cudart.cudaGetDeviceProperties, index)
        self.gpu = Gpu(properties.name.decode(), f'{properties.major}.{properties.minor}')
        self._undo = contextlib.ExitStack()
        self._stream = call(cudart.cudaStreamCreateWithFlags, cudart.cudaStreamNonBlocking)
        self._undo.callback(call, cudart.cudaStreamDestroy, self._stream)
        self.handle = int(self._stream)

    def make_current(self) -> None:
        call(self._cudart.cudaSetDevice, self._index)

    def allocate(self, shape: tuple[int, ...], dtype: npt.DTypeLike) -> PinnedBuffer:
        num_bytes = int(np.prod(shape)) * np.dtype(dtype).itemsize
        address = call(self._cudart.cudaMalloc, num_bytes)
        self._undo.callback(call, self._cudart.cudaFree, address)
        pinned = call(self._cudart.cudaMallocHost, num_bytes)
        self._undo.callback(call, self._cudart.cudaFreeHost, pinned)
        memory = (ctypes.c_uint8 * num_bytes).from_address(int(pinned))
        host = np.ctypeslib.as_array(memory).view(dtype).reshape(shape)
        return CudaPythonBuffer(self._cudart, self._stream, host, int(address))

    def free_bytes(self) -> int:
        free, _ = call(self._cudart.cudaMemGetInfo)
        return int(free)

    def capture(self, work: Callable[[], None]) -> Callable[[], None]:
        cudart = self._cudart
        # of this thread only: another thread may allocate meanwhile
        mode = cudart.cudaStreamCaptureMode.cudaStreamCaptureModeThreadLocal
        call(cudart.cudaStreamBeginCapture, self._stream, mode)
        try:
            work()
        except BaseException:
            cudart.cudaStreamEndCapture(self._stream)  # or the stream could not be used again
            raise
        graph = call(cudart.cudaStreamEndCapture, self._stream)
        try:
            launchable = call(cudart.cudaGraphInstantiate, graph, 0)
        finally:
            call(cudart.cudaGraphDestroy, graph)
        self._undo.callback(call, cudart.cudaGraphExecDestroy, launchable)
        return lambda: call(cudart.cudaGraphLaunch, launchable, self._stream)

    def synchronize(self) -> None:
        call(self._cudart.cudaStreamSynchronize, self._stream)

    def close(self) -> None:
        self.make_current()
        self._undo.close()


def import_cudart() -> Any:
    """Return cuda-python's runtime module, under its name of today or of CUDA 12.6.

    Raises:
        ImportError: cuda-python is not installed.
    """
    try:
        from cuda.bindings import runtime
    except ImportError:
        from cuda import cudart as runtime
    return runtime


def call(function: Callable[..., Any], *arguments: Any) -> Any:
    """Call cuda-python, which returns the error first, and return the rest.

    Raises:
        CudaError: CUDA refused.
    """
    error, *values = function(*arguments)
    if int(error):
        raise CudaError(f'{function.__name__}: {error.name}')
    return values[0] if len(values) == 1 else values
