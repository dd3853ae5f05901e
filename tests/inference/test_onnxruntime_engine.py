from pathlib import Path
from typing import Any

import pytest

pytest.importorskip('onnxruntime')
pytest.importorskip('onnx')

import numpy as np
import onnx
import onnxruntime

from hopfield_pebal_ros.inference.engine import EngineError, Tuning, open_engine
from tests.inference.conv_model import write_conv_model
from tests.tiny_model import TINY_METADATA, write_tiny_model


@pytest.mark.parametrize('precision', ['bf16', 'fp16'])
def test_half_precisions_are_refused_on_the_cpu(tiny_model: Path, precision: Any):
    with pytest.raises(EngineError, match=f'{precision} was asked for.*openvino'):
        open_engine(tiny_model, TINY_METADATA, backend='onnxruntime', precision=precision)


def test_an_fp16_file_is_not_said_to_run_in_fp16(tmp_path: Path):
    metadata = write_conv_model(tmp_path / 'm.onnx', half=True)
    with pytest.raises(EngineError, match='precision fp16 was asked for'):
        open_engine(tmp_path / 'm.onnx', metadata, backend='onnxruntime')
    engine = open_engine(tmp_path / 'm.onnx', metadata, backend='onnxruntime', precision='fp32')
    assert engine.precision == 'fp32'


class ElsewhereSession:
    """A session that fell back to a provider nobody asked for."""

    def __init__(self, path: Path, options: Any, **rest: Any) -> None:
        assert rest['enable_fallback'] == 0
        del path, options

    def get_providers(self) -> list[str]:
        return ['ElsewhereExecutionProvider']


def test_another_provider_than_asked_for_is_refused(
    tiny_model: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(onnxruntime, 'InferenceSession', ElsewhereSession)
    with pytest.raises(EngineError, match=r'asked .* CPUExecutionProvider, but .*Elsewhere'):
        open_engine(tiny_model, TINY_METADATA, backend='onnxruntime')


def test_threads_do_not_spin_and_their_number_is_passed_on(
    tiny_model: Path, monkeypatch: pytest.MonkeyPatch
):
    opened_with = []
    session_class = onnxruntime.InferenceSession

    def remember(path: Path, options: Any, **rest: Any) -> Any:
        opened_with.append(options)
        return session_class(path, options, **rest)

    monkeypatch.setattr(onnxruntime, 'InferenceSession', remember)
    open_engine(tiny_model, TINY_METADATA, backend='onnxruntime', tuning=Tuning(num_threads=3))
    (options,) = opened_with
    assert options.intra_op_num_threads == 3
    assert options.get_session_config_entry('session.intra_op.allow_spinning') == '0'


@pytest.mark.parametrize('device', ['CUDA', 'TENSORRT:1'])
def test_a_gpu_that_this_build_cannot_use_is_refused(
    tmp_path: Path, device: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv('NVIDIA_TF32_OVERRIDE', '0')
    if 'CUDAExecutionProvider' in onnxruntime.get_available_providers():
        pytest.skip('this build of ONNX Runtime has CUDA')
    metadata = write_tiny_model(tmp_path / 'm.onnx')
    with pytest.raises(EngineError, match=f"'{device}' was asked for.*onnxruntime-gpu"):
        open_engine(tmp_path / 'm.onnx', metadata, backend='onnxruntime', device=device)


@pytest.mark.parametrize('tuning', [Tuning(performance_mode='throughput'), Tuning(num_streams=2)])
def test_several_batches_at_once_are_refused(tiny_model: Path, tuning: Tuning):
    with pytest.raises(EngineError, match=r'one batch at a time; ask for .*latency .*openvino'):
        open_engine(tiny_model, TINY_METADATA, backend='onnxruntime', tuning=tuning)


@pytest.mark.parametrize('count', [1, 4, 6])
def test_a_file_with_a_longer_fixed_batch_takes_any_number(tiny_model: Path, count: int):
    images = np.random.default_rng(count).integers(0, 256, (count, 64, 128, 3), np.uint8)
    expected = open_engine(tiny_model, TINY_METADATA, backend='onnxruntime').infer(images)
    model = onnx.load(tiny_model)
    for tensor in (*model.graph.input, *model.graph.output):
        tensor.type.tensor_type.shape.dim[0].dim_value = 4
    onnx.save(model, tiny_model)
    maps = open_engine(tiny_model, TINY_METADATA, backend='onnxruntime').infer(images)
    np.testing.assert_array_equal(maps.label_maps, expected.label_maps)
    np.testing.assert_array_equal(maps.energy_maps, expected.energy_maps)
