import ast
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hopfield_pebal_ros.inference import cuda_python_stream
from hopfield_pebal_ros.inference.cuda_python_stream import (
    CudaPythonBuffer,
    CudaPythonStream,
    call,
    import_cudart,
)
from hopfield_pebal_ros.inference.cuda_stream import (
    CudaError,
    CudaStream,
    check_gpu_count,
    gpu_index,
    open_stream,
)
from hopfield_pebal_ros.inference.cuda_torch_stream import CudaTorchStream
from hopfield_pebal_ros.inference.engine import EngineError


@pytest.fixture
def cudart() -> Any:
    """The real cuda-python on a machine without a GPU: every call answers with an error."""
    cudart = pytest.importorskip('cuda.bindings.runtime')
    error, count = cudart.cudaGetDeviceCount()
    if not int(error) and count:
        pytest.skip('this machine has a GPU: see test_tensorrt_on_gpu.py')
    return cudart


def without(monkeypatch: pytest.MonkeyPatch, *modules: str) -> None:
    for name in modules:
        monkeypatch.setitem(sys.modules, name, None)


@pytest.mark.parametrize(('device', 'index'), [('CUDA', 0), ('CUDA:0', 0), ('CUDA:12', 12)])
def test_devices_are_numbered(device: str, index: int):
    assert gpu_index(device) == index


@pytest.mark.parametrize('device', ['CPU', 'cuda', 'CUDA:', 'CUDA:-1', 'GPU', ''])
def test_other_devices_are_refused(device: str):
    with pytest.raises(EngineError, match=f"'CUDA' or 'CUDA:1', got '{device}'.*openvino"):
        gpu_index(device)


def test_a_gpu_that_is_not_there_is_refused():
    check_gpu_count(1, 2)
    with pytest.raises(EngineError, match=r'GPU 2 was asked for, found 2; install NVIDIA'):
        check_gpu_count(2, 2)


@pytest.mark.usefixtures('cudart')
def test_without_a_gpu_the_reason_is_given():
    with pytest.raises(EngineError, match=r'GPU 0 was asked for, found 0 \(cudaError\w+\); inst'):
        open_stream('CUDA')


def test_torch_serves_where_cuda_python_is_missing(monkeypatch: pytest.MonkeyPatch):
    torch = pytest.importorskip('torch')
    if torch.cuda.is_available():
        pytest.skip('this machine has a GPU: see test_tensorrt_on_gpu.py')
    without(monkeypatch, 'cuda', 'cuda.bindings')
    with pytest.raises(EngineError, match=r'found 0 \(torch sees no CUDA\)'):
        open_stream('CUDA')


def test_without_either_library_both_are_named(monkeypatch: pytest.MonkeyPatch):
    without(monkeypatch, 'cuda', 'cuda.bindings', 'torch')
    with pytest.raises(EngineError, match=r'needs cuda-python or torch .*pip install cuda-python'):
        open_stream('CUDA')


def test_the_module_of_cuda_python_for_cuda_12_6_serves_too(monkeypatch: pytest.MonkeyPatch):
    without(monkeypatch, 'cuda.bindings')
    older = types.ModuleType('cuda')
    vars(older)['cudart'] = types.ModuleType('cudart')
    monkeypatch.setitem(sys.modules, 'cuda', older)
    assert import_cudart() is older.cudart


def names_used() -> set[str]:
    """Every `cudart.name` and every name given as text in our file."""
    tree = ast.parse(Path(cuda_python_stream.__file__).read_text('utf-8'))
    attributes = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    texts = {str(node.value) for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    return {name for name in attributes | texts if name.startswith('cuda') and ' ' not in name}


def test_everything_we_use_exists_in_cuda_python():
    cudart = pytest.importorskip('cuda.bindings.runtime')
    used = names_used() - {'cudart'}
    assert {'cudaMemcpyAsync', 'cudaMemcpyHostToDevice', 'cudaGraphLaunch'} <= used
    there = {*dir(cudart), *dir(cudart.cudaMemcpyKind), *dir(cudart.cudaStreamCaptureMode)}
    assert used <= there
    assert {'name', 'major', 'minor'} <= set(dir(cudart.cudaDeviceProp))


def test_an_error_of_cuda_names_the_call(cudart: Any):
    with pytest.raises(CudaError, match='cudaSetDevice: cudaError'):
        call(cudart.cudaSetDevice, 0)


def stream_without_gpu(cudart: Any) -> Any:
    stream = object.__new__(CudaPythonStream)
    vars(stream).update(_cudart=cudart, _index=0, _stream=cudart.cudaStream_t())
    return stream


@pytest.mark.parametrize(
    'use',
    [
        lambda stream: stream.make_current(),
        lambda stream: stream.allocate((2, 3), np.float32),
        lambda stream: stream.free_bytes(),
        lambda stream: stream.capture(lambda: None),
        lambda stream: stream.synchronize(),
        lambda stream: buffer_of(stream).to_device(),
        lambda stream: buffer_of(stream).to_host(),
        lambda stream: call(stream._cudart.cudaGraphInstantiate, stream._cudart.cudaGraph_t(), 0),
        lambda stream: call(
            stream._cudart.cudaGraphLaunch, stream._cudart.cudaGraphExec_t(), stream._stream
        ),
    ],
)
def test_cuda_python_takes_our_arguments(cudart: Any, use: Callable[[Any], None]):
    """A call with wrong arguments would be a TypeError."""
    with pytest.raises(CudaError, match=r'cuda\w+: cudaError'):
        use(stream_without_gpu(cudart))


def buffer_of(stream: Any) -> CudaPythonBuffer:
    return CudaPythonBuffer(stream._cudart, stream._stream, np.zeros(3, np.uint8), 4096)


def test_both_libraries_offer_the_same() -> None:
    offered = {name for name in vars(CudaStream) if not name.startswith('_')} - {'gpu', 'handle'}
    assert 'capture' in offered
    for kind in (CudaPythonStream, CudaTorchStream):
        assert offered <= set(vars(kind))
