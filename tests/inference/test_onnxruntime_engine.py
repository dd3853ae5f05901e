from pathlib import Path
from typing import Any

import pytest

pytest.importorskip('onnxruntime')
pytest.importorskip('onnx')

import onnxruntime

from hopfield_pebal_ros.inference.engine import EngineError, Tuning, open_engine
from tests.inference.conv_model import write_conv_model
from tests.tiny_model import TINY_METADATA


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

    def __init__(self, path: Path, options: Any, providers: list[str]) -> None:
        del path, options, providers

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
