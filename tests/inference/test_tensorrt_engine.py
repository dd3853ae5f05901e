"""The engine on a stand-in of TensorRT; on the real one where there is a GPU."""

import importlib
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hopfield_pebal_ros.contract.metadata import DeploymentError
from hopfield_pebal_ros.inference.engine import Engine, EngineError, Tuning, open_engine
from hopfield_pebal_ros.inference.file_hash import sha256_of
from hopfield_pebal_ros.inference.tensorrt_cache import write_plan
from hopfield_pebal_ros.inference.tensorrt_plan import PlanKey, plan_key
from tests.inference.plan_keys import record
from tests.inference.tensorrt_stand_in import StandInStream, plan_of, stand_in_tensorrt
from tests.tiny_model import TINY_METADATA

NEEDS_TENSORRT = tuple(
    f'hopfield_pebal_ros.inference.tensorrt_{name}' for name in ('log', 'engine')
)


@pytest.fixture(autouse=True)
def stream(monkeypatch: pytest.MonkeyPatch) -> Iterator[StandInStream]:
    """The one stream that every engine of this test opens."""
    stream = StandInStream()
    monkeypatch.setitem(sys.modules, 'tensorrt', stand_in_tensorrt(stream))
    for name in NEEDS_TENSORRT:
        monkeypatch.delitem(sys.modules, name, raising=False)
    module = importlib.import_module(NEEDS_TENSORRT[-1])
    monkeypatch.setattr(module, 'open_stream', lambda _: stream)
    yield stream
    for name in NEEDS_TENSORRT:
        sys.modules.pop(name)


def key_of(model: Path) -> PlanKey:
    return plan_key(sha256_of(model), 'fp32', '10.3.0', StandInStream.gpu)


def cache(model: Path, plan: bytes, batch_size: int = 1) -> None:
    write_plan(model.parent, record(key_of(model), plan, batch_size), plan)


def opened(model: Path, **options: Any) -> Engine:
    tuning = options.pop('tuning', Tuning(cache_folder=model.parent))
    options = {'device': 'CUDA', **options}
    return open_engine(model, TINY_METADATA, backend='tensorrt', tuning=tuning, **options)


def random_images(count: int) -> np.ndarray:
    return np.random.default_rng(count).integers(0, 256, (count, 64, 128, 3), np.uint8)


@pytest.mark.parametrize('batch_sizes', [(1,), (1, 4), (3,)])
def test_any_number_of_images_on_any_plans(tiny_model: Path, batch_sizes: tuple[int, ...]):
    for batch_size in batch_sizes:
        cache(tiny_model, plan_of(batch_size), batch_size)
    engine = opened(tiny_model)
    for count in (1, 2, 3, 4, 5, 9):
        images = random_images(count)
        maps = engine.infer(images)
        np.testing.assert_array_equal(maps.label_maps, images[..., 1] // 16)
        np.testing.assert_allclose(maps.energy_maps, images[..., 0] / 25.5, atol=2e-6)


@pytest.mark.parametrize(('count', 'launches'), [(1, 1), (2, 1), (4, 1), (5, 2), (8, 2), (9, 3)])
def test_the_fewest_launches(tiny_model: Path, stream: StandInStream, count: int, launches: int):
    for batch_size in (1, 4):
        cache(tiny_model, plan_of(batch_size), batch_size)
    engine = opened(tiny_model)
    stream.done.clear()
    engine.infer(random_images(count))
    assert stream.done.count('run') == launches


def test_results_belong_to_the_caller(tiny_model: Path):
    cache(tiny_model, plan_of(1))
    engine = opened(tiny_model)
    first = engine.infer(np.zeros((1, 64, 128, 3), np.uint8))
    engine.infer(np.full((1, 64, 128, 3), 255, np.uint8))
    assert not first.label_maps.any()
    assert not first.energy_maps.any()


def test_each_run_chooses_its_gpu_for_the_thread_it_is_called_from(
    tiny_model: Path, stream: StandInStream
):
    cache(tiny_model, plan_of(1))
    engine = opened(tiny_model)
    before = stream.threads_made_current
    engine.infer(random_images(1))
    assert stream.threads_made_current == before + 1


def test_it_says_what_it_runs_on(tiny_model: Path):
    cache(tiny_model, plan_of(1))
    engine = opened(tiny_model, device='CUDA:0')
    assert (engine.backend, engine.device, engine.precision) == ('tensorrt', 'CUDA:0', 'fp32')


def test_a_closed_engine_says_so_and_frees_its_stream(tiny_model: Path, stream: StandInStream):
    cache(tiny_model, plan_of(1))
    engine = opened(tiny_model)
    engine.close()
    engine.close()
    assert not stream.is_open
    with pytest.raises(EngineError, match='closed; open it again'):
        engine.infer(random_images(1))


def test_a_batch_that_does_not_fit_is_refused(tiny_model: Path):
    cache(tiny_model, plan_of(1))
    with pytest.raises(ValueError, match=r'must be \(N, 64, 128, 3\) uint8 RGB, got'):
        opened(tiny_model).infer(np.zeros((1, 64, 64, 3), np.uint8))


def test_a_model_without_a_plan_is_refused_and_the_stream_freed(
    tiny_model: Path, stream: StandInStream
):
    with pytest.raises(EngineError, match=r'no TensorRT plan of .*tiny\.onnx.*build_tensorrt'):
        opened(tiny_model)
    assert not stream.is_open


def test_a_model_that_changed_since_its_plan_was_built_is_refused(tiny_model: Path):
    cache(tiny_model, plan_of(1))
    tiny_model.write_bytes(tiny_model.read_bytes() + b'\0')
    with pytest.raises(EngineError, match=r'has model contents \w+, here it is \w+; build it'):
        opened(tiny_model)


def test_a_plan_that_tensorrt_refuses_is_an_error(tiny_model: Path):
    cache(tiny_model, b'no plan')
    with pytest.raises(EngineError, match=r'cannot load .*Serialization assertion failed.*again'):
        opened(tiny_model)


def test_a_plan_with_other_tensors_is_refused(tiny_model: Path):
    cache(tiny_model, b'{"batch_size": 1, "needed_bytes": 0, "label_type": "INT64"}')
    with pytest.raises(DeploymentError, match=r"expected tensor .*'label_map'.*'int64'"):
        opened(tiny_model)


def test_a_plan_too_large_for_the_gpu_is_refused(tiny_model: Path, stream: StandInStream):
    cache(tiny_model, plan_of(1, needed_bytes=2 * 10**9))
    with pytest.raises(EngineError, match=r'needs 2000 MB on the GPU .*1000 MB are free; close'):
        opened(tiny_model)
    cache(tiny_model, plan_of(1))
    stream.free = 100
    with pytest.raises(EngineError, match=r'CUDA cannot take .*MemoryAllocation; close other'):
        opened(tiny_model)


def test_a_precision_without_a_way_is_refused_before_any_plan(tiny_model: Path):
    metadata = replace(TINY_METADATA, precision='fp16')
    with pytest.raises(EngineError, match=r'fp32 was asked for, but the graph computes in fp16'):
        open_engine(tiny_model, metadata, backend='tensorrt', device='CUDA', precision='fp32')


@pytest.mark.parametrize('tuning', [Tuning(performance_mode='throughput'), Tuning(num_streams=2)])
def test_several_runs_at_once_are_refused(tiny_model: Path, tuning: Tuning):
    with pytest.raises(EngineError, match='computes one batch at a time'):
        opened(tiny_model, tuning=tuning)


def test_a_missing_tensorrt_is_refused_with_its_packages(
    tiny_model: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(sys.modules, 'tensorrt', None)
    with pytest.raises(
        EngineError, match=r"'tensorrt' was asked for.*pip install tensorrt cuda-python onnx"
    ):
        opened(tiny_model)


@pytest.mark.parametrize('version', ['8.6.1', '12.0.0'])
def test_an_unknown_version_of_tensorrt_is_refused(
    tiny_model: Path, monkeypatch: pytest.MonkeyPatch, version: str
):
    module = stand_in_tensorrt(StandInStream(), version)
    monkeypatch.setitem(sys.modules, 'tensorrt', module)
    with pytest.raises(EngineError, match=rf'TensorRT {version} is installed, .*10\.3 to 11\.x'):
        opened(tiny_model)
