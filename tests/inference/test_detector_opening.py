"""From a file to a detector that runs, and its end."""

import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip('onnx')

from hopfield_pebal_ros.contract.metadata import DeploymentError
from hopfield_pebal_ros.inference import detector as detector_module
from hopfield_pebal_ros.inference.detector import DEFAULT_MODEL, AnomalyDetector
from hopfield_pebal_ros.inference.engine import EngineError, NetworkMaps
from tests.inference.recording_engine import RecordingEngine
from tests.tiny_model import TINY_METADATA, write_tiny_model


def test_opening_refuses_what_is_no_model(tmp_path: Path):
    with pytest.raises(FileNotFoundError, match='no model file'):
        AnomalyDetector.open(tmp_path / 'm.onnx')
    write_tiny_model(tmp_path / 'm.onnx', metadata_text='{}')
    with pytest.raises(DeploymentError, match='schema_version'):
        AnomalyDetector.open(tmp_path / 'm.onnx')


def test_opening_without_the_runtime_says_what_to_install(
    tiny_model: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(sys.modules, 'openvino', None)
    with pytest.raises(EngineError, match='pip install openvino'):
        AnomalyDetector.open(tiny_model)


def test_closing_closes_the_engine():
    engine = RecordingEngine()
    AnomalyDetector(engine, TINY_METADATA).close()
    assert engine.is_closed


def test_the_default_model_lies_in_the_package():
    assert DEFAULT_MODEL.parts[-3:] == ('hopfield_pebal_ros', 'models', 'default.onnx')


def test_batch_lengths_that_will_come_are_run_at_the_start(
    tiny_model: Path, monkeypatch: pytest.MonkeyPatch
):
    engine = RecordingEngine()
    engine.num_streams = 2
    monkeypatch.setattr(detector_module, 'open_engine', lambda *_, **__: engine)
    AnomalyDetector.open(tiny_model, max_batch_size=3)
    assert [len(batch) for batch in engine.batches] == [1, 1, 2, 2, 3, 3]


def test_memory_that_ends_at_the_start_is_said_with_the_remedy(
    tiny_model: Path, monkeypatch: pytest.MonkeyPatch
):
    def too_large(*_: Any, **__: Any) -> Any:
        raise MemoryError

    monkeypatch.setattr(detector_module, 'open_engine', too_large)
    with pytest.raises(EngineError, match=r'too small for .*tiny.onnx in batches of 2; use a sma'):
        AnomalyDetector.open(tiny_model, max_batch_size=2)


@pytest.mark.parametrize('num_streams', [1, 3])
def test_an_engine_has_no_more_callers_than_streams(num_streams: int):
    lock, callers, most = threading.Lock(), 0, 0

    class CountingEngine(RecordingEngine):
        def infer(self, images: np.ndarray) -> NetworkMaps:
            nonlocal callers, most
            with lock:
                callers += 1
                most = max(most, callers)
            time.sleep(0.01)
            with lock:
                callers -= 1
            return super().infer(images)

    engine = CountingEngine()
    engine.num_streams = num_streams
    detector = AnomalyDetector(engine, TINY_METADATA)
    image = np.zeros((64, 128, 3), np.uint8)
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda _: detector.detect([image]), range(12)))
    assert most == num_streams
