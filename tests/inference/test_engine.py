import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip('onnx')

import onnx

from hopfield_pebal_ros.contract.deployment import read_metadata
from hopfield_pebal_ros.contract.metadata import DeploymentError
from hopfield_pebal_ros.inference.engine import (
    Engine,
    EngineError,
    Tuning,
    decide_precision,
    open_engine,
)
from tests.tiny_model import TINY_METADATA, write_tiny_model

pytestmark = pytest.mark.parametrize('backend', ['openvino', 'onnxruntime'])


def opened(path: Path, backend: Any, **options: Any) -> Engine:
    pytest.importorskip(backend)
    return open_engine(path, read_metadata(path), backend=backend, **options)


def random_images(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, 64, 128, 3), np.uint8)


def assert_answers(engine: Engine, images: np.ndarray, stride: int = 1) -> None:
    """Compare with the tiny model worked by hand: energy = red / 25.5, label = green // 16."""
    maps = engine.infer(images)
    small = images[:, ::stride, ::stride]
    assert maps.label_maps.dtype == np.uint8
    assert maps.energy_maps.dtype == np.float32
    np.testing.assert_array_equal(maps.label_maps, small[..., 1] // 16)
    np.testing.assert_allclose(maps.energy_maps, small[..., 0] / 25.5, atol=2e-6)


def test_the_answer_is_the_one_worked_by_hand(tiny_model: Path, backend: str):
    assert_answers(opened(tiny_model, backend), random_images(1))


def test_batches_of_changing_length(tiny_model: Path, backend: str):
    engine = opened(tiny_model, backend)
    for seed, count in enumerate((1, 3, 2, 3, 1)):
        assert_answers(engine, random_images(count, seed))


@pytest.mark.parametrize('stride', [2, 4, 8])
def test_outputs_smaller_than_the_input(tmp_path: Path, backend: str, stride: int):
    write_tiny_model(tmp_path / 'm.onnx', output_hw=(64 // stride, 128 // stride))
    assert_answers(opened(tmp_path / 'm.onnx', backend), random_images(2), stride)


def test_a_file_with_a_fixed_batch_takes_any_number(tiny_model: Path, backend: str):
    model = onnx.load(tiny_model)
    for tensor in (*model.graph.input, *model.graph.output):
        tensor.type.tensor_type.shape.dim[0].dim_value = 1
    onnx.save(model, tiny_model)
    engine = opened(tiny_model, backend)
    assert_answers(engine, random_images(1))
    assert_answers(engine, random_images(3))


def test_inputs_that_are_read_only_or_strided(tiny_model: Path, backend: str):
    engine = opened(tiny_model, backend)
    images = random_images(2)
    images.setflags(write=False)
    assert_answers(engine, images)
    assert_answers(engine, images[:, ::-1, :, ::-1])
    assert_answers(engine, random_images(4)[::2])


def test_results_belong_to_the_caller(tiny_model: Path, backend: str):
    engine = opened(tiny_model, backend)
    first = engine.infer(np.zeros((1, 64, 128, 3), np.uint8))
    second = engine.infer(np.full((1, 64, 128, 3), 255, np.uint8))
    assert not first.energy_maps.any()
    assert not first.label_maps.any()
    first.energy_maps[:] = 1
    assert (second.label_maps == 15).all()
    engine.close()
    np.testing.assert_allclose(second.energy_maps, 10, atol=2e-6)


def test_it_says_what_it_runs_on(tiny_model: Path, backend: str):
    engine = opened(tiny_model, backend, tuning=Tuning(num_threads=1))
    assert (engine.backend, engine.device, engine.precision) == (backend, 'CPU', 'fp32')


def test_runs_are_repeatable_bit_for_bit(tiny_model: Path, backend: str):
    engine = opened(tiny_model, backend)
    images = random_images(1)
    first, second = engine.infer(images), engine.infer(images)
    assert first.energy_maps.tobytes() == second.energy_maps.tobytes()


def test_a_closed_engine_says_so(tiny_model: Path, backend: str):
    engine = opened(tiny_model, backend)
    engine.close()
    engine.close()
    with pytest.raises(EngineError, match='closed; open it again'):
        engine.infer(random_images(1))


@pytest.mark.parametrize(
    'images',
    [
        np.zeros((1, 64, 128, 3), np.float32),
        np.zeros((64, 128, 3), np.uint8),
        np.zeros((1, 3, 64, 128), np.uint8),
        np.zeros((1, 128, 64, 3), np.uint8),
    ],
)
def test_a_batch_that_does_not_fit_is_refused(tiny_model: Path, backend: str, images: np.ndarray):
    engine = opened(tiny_model, backend)
    with pytest.raises(ValueError, match=r'must be \(N, 64, 128, 3\) uint8 RGB, got'):
        engine.infer(images)


def test_an_empty_batch_is_refused(tiny_model: Path, backend: str):
    with pytest.raises(ValueError, match='at least one image, got none'):
        opened(tiny_model, backend).infer(random_images(0))


def test_a_missing_runtime_is_refused_with_its_package(
    tiny_model: Path, backend: Any, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(sys.modules, backend, None)
    with pytest.raises(EngineError, match=f"'{backend}' was asked for.*pip install {backend}"):
        open_engine(tiny_model, TINY_METADATA, backend=backend)


@pytest.mark.parametrize('device', ['TPU', 'AUTO', 'cuda', ''])
def test_an_absent_device_is_refused(tiny_model: Path, backend: str, device: str):
    with pytest.raises(EngineError, match=f"'{device}'"):
        opened(tiny_model, backend, device=device)


def test_a_graph_unlike_its_metadata_is_refused(tmp_path: Path, backend: str):
    path = tmp_path / 'm.onnx'
    other = replace(TINY_METADATA, network_hw=(128, 128), output_hw=(128, 128))
    write_tiny_model(path, metadata_text=other.to_json())
    with pytest.raises(DeploymentError, match=r"expected tensor .*'image'.*128, 128.*found"):
        opened(path, backend)


def test_a_graph_that_the_runtime_cannot_read_is_refused(tiny_model: Path, backend: str):
    tiny_model.write_bytes(tiny_model.read_bytes().replace(b'Gather', b'Gamble'))
    with pytest.raises(EngineError, match=r'cannot (read|open) .*tiny\.onnx.*export it again'):
        opened(tiny_model, backend)


def test_int8_and_other_files_are_not_taken_for_each_other(tmp_path: Path, backend: str):
    write_tiny_model(tmp_path / 'fp32.onnx')
    write_tiny_model(tmp_path / 'int8.onnx', precision='int8')
    with pytest.raises(EngineError, match=r'asked for int8, but .* is an fp32 file'):
        opened(tmp_path / 'fp32.onnx', backend, precision='int8')
    with pytest.raises(EngineError, match=r'asked for fp32, but .* is an int8 file'):
        opened(tmp_path / 'int8.onnx', backend, precision='fp32')
    assert opened(tmp_path / 'int8.onnx', backend).precision == 'int8'


@pytest.mark.parametrize(
    ('tuning', 'message'),
    [
        (Tuning(num_threads=-1), 'num_threads must be 0 .*got -1'),
        (Tuning(num_streams=-2), 'num_streams must be 0 .*got -2'),
        (Tuning(performance_mode='fast'), r"performance_mode must be one of \('lat.*got 'fast'"),
    ],
)
def test_impossible_tuning_is_refused(
    tiny_model: Path, backend: str, tuning: Tuning, message: str
):
    with pytest.raises(EngineError, match=message):
        opened(tiny_model, backend, tuning=tuning)


def test_other_backends_are_refused(tiny_model: Path, backend: str):
    with pytest.raises(EngineError, match=f'backend must be one of .*{backend}'):
        open_engine(tiny_model, TINY_METADATA, backend='x')  # type: ignore[arg-type]


def test_a_precision_that_is_none_is_refused(backend: str):
    del backend
    with pytest.raises(EngineError, match=r"precision must be one of .*got 'fp64'"):
        decide_precision('fp64', TINY_METADATA)  # type: ignore[arg-type]
