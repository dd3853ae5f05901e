"""TensorRT itself: build, run and compare; skipped without TensorRT and a GPU."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip('tensorrt', exc_type=ImportError)
pytest.importorskip('onnxruntime')

from hopfield_pebal_ros.contract.deployment import read_metadata
from hopfield_pebal_ros.inference.build_tensorrt import main
from hopfield_pebal_ros.inference.cuda_python_stream import CudaPythonStream
from hopfield_pebal_ros.inference.cuda_stream import CudaStream, open_stream
from hopfield_pebal_ros.inference.cuda_torch_stream import CudaTorchStream
from hopfield_pebal_ros.inference.detector import DEFAULT_MODEL
from hopfield_pebal_ros.inference.engine import Engine, EngineError, Tuning, open_engine
from tests.tiny_model import TINY_METADATA

pytestmark = pytest.mark.gpu


@pytest.fixture(autouse=True)
def _gpu() -> None:
    try:
        open_stream('CUDA').close()
    except EngineError as error:
        pytest.skip(str(error))


def opened(model: Path, folder: Path, *flags: str) -> Engine:
    assert main([str(model), '--cache-folder', str(folder), '--warm', *flags]) == 0
    tuning = Tuning(cache_folder=folder)
    metadata = read_metadata(model)
    return open_engine(model, metadata, backend='tensorrt', device='CUDA', tuning=tuning)


def test_the_answer_is_the_one_worked_by_hand(tiny_model: Path, tmp_path: Path):
    opened(tiny_model, tmp_path).close()
    engine = opened(tiny_model, tmp_path, '--batch-size', '3')
    for count in (1, 2, 3, 4, 7):
        images = np.random.default_rng(count).integers(0, 256, (count, 64, 128, 3), np.uint8)
        maps = engine.infer(images)
        np.testing.assert_array_equal(maps.label_maps, images[..., 1] // 16)
        np.testing.assert_allclose(maps.energy_maps, images[..., 0] / 25.5, atol=2e-6)


def test_the_default_model_agrees_with_onnx_runtime(tmp_path: Path):
    metadata = read_metadata(DEFAULT_MODEL)
    height, width = metadata.network_hw
    image = np.random.default_rng(0).integers(0, 256, (1, height, width, 3), np.uint8)
    expected = open_engine(DEFAULT_MODEL, metadata, backend='onnxruntime').infer(image)
    found = opened(DEFAULT_MODEL, tmp_path).infer(image)
    error = np.abs(found.energy_maps - expected.energy_maps)
    assert np.quantile(error, 0.99) < 1e-3 * metadata.calibration.inlier_standard_deviation
    assert (found.label_maps == expected.label_maps).mean() > 0.999


@pytest.mark.parametrize('kind', [CudaPythonStream, CudaTorchStream])
def test_bytes_come_back_through_the_gpu(kind: type[CudaStream]):
    try:
        stream = kind(0)  # type: ignore[call-arg]
    except ImportError as error:
        pytest.skip(str(error))
    buffer = stream.allocate((5, 7), np.float32)
    buffer.host[:] = 1
    buffer.to_device()
    stream.synchronize()
    launch = stream.capture(buffer.to_host)
    buffer.host[:] = 2
    launch()
    stream.synchronize()
    assert (buffer.host == 1).all()
    stream.close()


def test_a_plan_of_another_model_is_refused(tiny_model: Path, tmp_path: Path):
    opened(tiny_model, tmp_path).close()
    tiny_model.write_bytes(tiny_model.read_bytes() + b'\0')
    with pytest.raises(EngineError, match='has model contents'):
        open_engine(
            tiny_model,
            TINY_METADATA,
            backend='tensorrt',
            device='CUDA',
            tuning=Tuning(cache_folder=tmp_path),
        )
