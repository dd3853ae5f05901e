import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip('openvino')
pytest.importorskip('onnx')

import onnx
import openvino
from onnx import numpy_helper

from hopfield_pebal_ros.inference import openvino_engine
from hopfield_pebal_ros.inference.engine import EngineError, Tuning, open_engine
from hopfield_pebal_ros.inference.openvino_options import (
    check_capability,
    check_compiled,
    compile_options,
)
from tests.inference.conv_model import write_conv_model
from tests.tiny_model import TINY_METADATA

IMAGES = np.random.default_rng(0).integers(0, 256, (1, 64, 128, 3), np.uint8)


def energy(path: Path, metadata: Any, **options: Any) -> np.ndarray:
    engine = open_engine(path, metadata, **options)
    return engine.infer(IMAGES).energy_maps


def cpu_computes_in(capability: str) -> bool:
    return capability in openvino.Core().get_property('CPU', 'OPTIMIZATION_CAPABILITIES')


def test_an_fp32_file_runs_in_fp32_even_where_bf16_is_faster(tmp_path: Path):
    pytest.importorskip('onnxruntime')
    metadata = write_conv_model(tmp_path / 'm.onnx')
    reference = energy(tmp_path / 'm.onnx', metadata, backend='onnxruntime')
    # energies reach about 600; one step of bf16 there is 4, one of fp32 is 6e-5
    assert np.abs(reference).max() > 100
    np.testing.assert_allclose(energy(tmp_path / 'm.onnx', metadata), reference, atol=2e-3)


@pytest.mark.parametrize(
    ('precision', 'capability', 'step'), [('bf16', 'BF16', 2**-8), ('fp16', 'FP16', 2**-11)]
)
def test_a_half_precision_is_used_where_asked_for_and_possible(
    tmp_path: Path, precision: Any, capability: str, step: float
):
    metadata = write_conv_model(tmp_path / 'm.onnx')
    if not cpu_computes_in(capability):
        with pytest.raises(EngineError, match=f'precision {precision} was asked for'):
            open_engine(tmp_path / 'm.onnx', metadata, precision=precision)
        return
    engine = open_engine(tmp_path / 'm.onnx', metadata, precision=precision)
    assert engine.precision == precision
    exact = energy(tmp_path / 'm.onnx', metadata)
    error = np.abs(engine.infer(IMAGES).energy_maps - exact).max() / np.abs(exact).max()
    assert step / 16 < error < step * 4


def test_an_fp16_file_runs_as_its_graph_says_or_is_refused(tmp_path: Path):
    metadata = write_conv_model(tmp_path / 'm.onnx', half=True)
    full = open_engine(tmp_path / 'm.onnx', metadata, precision='fp32')
    assert full.precision == 'fp32'
    if not cpu_computes_in('FP16'):
        with pytest.raises(EngineError, match='precision fp16 was asked for'):
            open_engine(tmp_path / 'm.onnx', metadata)
        return
    half = open_engine(tmp_path / 'm.onnx', metadata)
    assert half.precision == 'fp16'
    exact = full.infer(IMAGES).energy_maps
    energies = half.infer(IMAGES).energy_maps
    error = np.abs(energies - exact).max() / np.abs(exact).max()
    assert 1e-6 < error < 2**-9
    # the mean over channels stays in fp32: its values are no fp16 numbers
    assert (energies != energies.astype(np.float16)).any()


class OldProcessor:
    """What OpenVINO says of a CPU without half precisions."""

    def get_property(self, device: str, name: str) -> list[str]:
        assert (device, name) == ('CPU', 'OPTIMIZATION_CAPABILITIES')
        return ['FP32', 'INT8']


@pytest.mark.parametrize('precision', ['bf16', 'fp16'])
def test_a_precision_that_the_processor_lacks_is_refused(precision: Any):
    with pytest.raises(EngineError, match=f'{precision} .*computes in FP32, INT8; ask for fp32'):
        check_capability(OldProcessor(), 'CPU', precision)


class CompiledOtherwise:
    """A compiled model that does not run as it was told to."""

    def __init__(self, hint: Any, devices: list[str]) -> None:
        self._properties = {
            'INFERENCE_PRECISION_HINT': hint,
            'EXECUTION_DEVICES': devices,
            'NUM_STREAMS': 1,
        }

    def get_property(self, name: str) -> Any:
        return self._properties[name]


@pytest.mark.parametrize(
    ('hint', 'devices'),
    [
        (openvino.Type.bf16, ['CPU']),
        (openvino.Type.f32, ['GPU.0']),
        (openvino.Type.f32, ['CPU', 'GPU']),
    ],
)
def test_a_model_compiled_otherwise_than_told_is_refused(hint: Any, devices: list[str]):
    options = compile_options('fp32', TINY_METADATA, Tuning())
    with pytest.raises(EngineError, match='asked OpenVINO for f32 on CPU, but it runs'):
        check_compiled(CompiledOtherwise(hint, devices), 'CPU', options)


def test_the_number_of_threads_is_passed_on(tiny_model: Path):
    engine = open_engine(tiny_model, TINY_METADATA, tuning=Tuning(num_threads=1))
    assert isinstance(engine, openvino_engine.OpenVinoEngine)
    compiled = engine._compiled[1].model
    assert compiled.get_property('INFERENCE_NUM_THREADS') == 1


def test_the_core_outlives_its_engines(tiny_model):
    """When the last Core goes, its plugin frees a signal stack that stays in use."""
    first = open_engine(tiny_model, TINY_METADATA)
    core = first._core
    first.close()
    assert open_engine(tiny_model, TINY_METADATA)._core is core


def is_from_cache(engine: Any) -> bool:
    return bool(engine._compiled[1].model.get_property('LOADED_FROM_CACHE'))


def test_a_cache_gives_the_same_answer_and_is_used(tmp_path: Path):
    metadata = write_conv_model(tmp_path / 'm.onnx')
    exact = energy(tmp_path / 'm.onnx', metadata)
    tuning = Tuning(cache_folder=tmp_path / 'cache')
    for is_second in (False, True):
        engine = open_engine(tmp_path / 'm.onnx', metadata, tuning=tuning)
        assert is_from_cache(engine) == is_second
        assert engine.infer(IMAGES).energy_maps.tobytes() == exact.tobytes()


def test_a_cache_is_of_one_content_and_not_of_a_name(tmp_path: Path):
    path, tuning = tmp_path / 'm.onnx', Tuning(cache_folder=tmp_path / 'cache')
    metadata = write_conv_model(path)
    times = path.stat()
    before = energy(path, metadata, tuning=tuning)
    model = onnx.load(path)
    (kernel,) = [each for each in model.graph.initializer if each.name == 'kernel']
    weights = 2 * numpy_helper.to_array(kernel)
    kernel.CopyFrom(numpy_helper.from_array(weights, 'kernel'))
    onnx.save(model, path)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    np.testing.assert_allclose(energy(path, metadata, tuning=tuning), 2 * before, rtol=1e-6)


def test_a_cache_that_was_cut_off_is_made_again(tmp_path: Path):
    path, tuning = tmp_path / 'm.onnx', Tuning(cache_folder=tmp_path / 'cache')
    metadata = write_conv_model(path)
    exact = energy(path, metadata, tuning=tuning)
    (blob,) = (tmp_path / 'cache').glob('*.blob')
    blob.chmod(0o600)
    blob.write_bytes(blob.read_bytes()[:1000])
    assert energy(path, metadata, tuning=tuning).tobytes() == exact.tobytes()


def test_a_cache_folder_that_cannot_be_written_is_refused(tiny_model: Path):
    with pytest.raises(EngineError, match='cannot write to cache_folder'):
        open_engine(tiny_model, TINY_METADATA, tuning=Tuning(cache_folder=tiny_model / 'cache'))


def test_more_streams_than_threads_are_refused(tiny_model: Path):
    with pytest.raises(EngineError, match=r'num_streams 9 was .* runs 1 on CPU.*ask for 1'):
        open_engine(tiny_model, TINY_METADATA, tuning=Tuning(num_threads=1, num_streams=9))


@pytest.mark.parametrize('mode', ['latency', 'throughput'])
def test_runs_that_overlap_give_each_caller_its_own_answer(tiny_model: Path, mode: Any):
    engine = open_engine(tiny_model, TINY_METADATA, tuning=Tuning(performance_mode=mode))
    compiled = engine._compiled[1].model
    assert engine.num_streams == compiled.get_property('NUM_STREAMS')
    assert compiled.get_property('PERFORMANCE_HINT') == mode.upper()
    batches = [np.full((1 + value % 2, 64, 128, 3), value, np.uint8) for value in range(40)]
    with ThreadPoolExecutor(4) as pool:
        for value, maps in enumerate(pool.map(engine.infer, batches)):
            np.testing.assert_allclose(maps.energy_maps, value / 25.5, atol=2e-6)
