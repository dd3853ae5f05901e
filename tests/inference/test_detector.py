import hashlib
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip('onnx')

from hopfield_pebal_ros.contract.geometry import Geometry
from hopfield_pebal_ros.contract.labels import IGNORE_ID
from hopfield_pebal_ros.contract.metadata import Calibration, DeploymentError
from hopfield_pebal_ros.inference import detector as detector_module
from hopfield_pebal_ros.inference.detector import DEFAULT_MODEL, AnomalyDetector
from hopfield_pebal_ros.inference.engine import EngineError, NetworkMaps
from tests.tiny_model import TINY_METADATA, write_tiny_model


@pytest.fixture(params=['openvino', 'onnxruntime'])
def backend(request: pytest.FixtureRequest) -> Any:
    pytest.importorskip(request.param)
    return request.param


def open_tiny(folder: Path, *, backend: Any = 'openvino', **changes: Any) -> AnomalyDetector:
    write_tiny_model(folder / 'm.onnx', **changes)
    return AnomalyDetector.open(folder / 'm.onnx', backend=backend)


def random_image(hw: tuple[int, int], seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (*hw, 3), np.uint8)


def test_a_frame_of_network_size_by_hand(tmp_path: Path, backend: Any):
    detector = open_tiny(tmp_path, backend=backend)
    image = random_image((64, 128))
    (detection,) = detector.detect([image])
    np.testing.assert_array_equal(detection.label_map, image[..., 1] // 16)
    np.testing.assert_allclose(detection.energy_map, image[..., 0] / 25.5, atol=2e-6)
    # energy above 6.0 means red above 153
    np.testing.assert_array_equal(detection.anomaly_mask, (image[..., 0] > 153) * 255)
    assert detection.anomaly_mask.dtype == np.uint8
    assert detection.threshold == 6.0
    np.testing.assert_array_equal(detection.labels_at_camera(), detection.label_map)
    np.testing.assert_array_equal(detection.energy_at_camera(), detection.energy_map)
    np.testing.assert_array_equal(detection.mask_at_camera(), detection.anomaly_mask)


def test_letterbox_by_hand(tmp_path: Path, backend: Any):
    # 32x128 into 64x128: rows 16..48, not resized
    detector = open_tiny(tmp_path, backend=backend, geometry=Geometry(padding_rgb=(255, 0, 0)))
    image = random_image((32, 128))
    (detection,) = detector.detect([image])
    inside = np.zeros((64, 128), bool)
    inside[16:48] = True
    np.testing.assert_array_equal(detection.label_map[16:48], image[..., 1] // 16)
    np.testing.assert_allclose(detection.energy_map[16:48], image[..., 0] / 25.5, atol=2e-6)
    # the red padding has energy 10, and is no anomaly all the same
    assert (detection.label_map[~inside] == IGNORE_ID).all()
    assert np.isnan(detection.energy_map[~inside]).all()
    assert not detection.anomaly_mask[~inside].any()
    assert detection.labels_at_camera().shape == (32, 128)
    np.testing.assert_array_equal(detection.labels_at_camera(), image[..., 1] // 16)
    np.testing.assert_allclose(detection.energy_at_camera(), image[..., 0] / 25.5, atol=2e-6)


def test_crop_by_hand(tmp_path: Path, backend: Any):
    # 64x256 into 64x128: the network sees columns 64..192
    detector = open_tiny(tmp_path, backend=backend, geometry=Geometry(mode='crop'))
    image = random_image((64, 256))
    (detection,) = detector.detect([image])
    labels, energy = detection.labels_at_camera(), detection.energy_at_camera()
    np.testing.assert_array_equal(labels[:, 64:192], image[:, 64:192, 1] // 16)
    np.testing.assert_allclose(energy[:, 64:192], image[:, 64:192, 0] / 25.5, atol=2e-6)
    for unseen in (slice(0, 64), slice(192, 256)):
        assert (labels[:, unseen] == IGNORE_ID).all()
        assert np.isnan(energy[:, unseen]).all()
        assert not detection.mask_at_camera()[:, unseen].any()


def test_a_smaller_output_by_hand(tmp_path: Path, backend: Any):
    detector = open_tiny(tmp_path, backend=backend, output_hw=(16, 32), geometry=Geometry())
    image = random_image((32, 128))
    (detection,) = detector.detect([image])
    # rows 16..48 of the input are rows 4..12 of an output 4 times smaller
    np.testing.assert_allclose(detection.energy_map[4:12], image[::4, ::4, 0] / 25.5, atol=2e-6)
    assert np.isnan(detection.energy_map[:4]).all()
    assert np.isnan(detection.energy_map[12:]).all()
    assert detection.labels_at_camera().shape == (32, 128)


def test_regions_by_hand(tmp_path: Path, backend: Any):
    detector = open_tiny(tmp_path, backend=backend)
    image = np.zeros((128, 256, 3), np.uint8)  # twice the network size
    image[20:40, 60:100, 0] = 255  # 10x20 network pixels, energy 10
    image[100:104, 10:14, 0] = 204  # 2x2 network pixels: 16 camera pixels, energy 8
    (detection,) = detector.detect([image])
    (region,) = detection.regions
    assert (region.left, region.top, region.width, region.height) == (60, 20, 40, 20)
    assert region.area_px == 800
    assert region.max_energy == pytest.approx(10)
    assert region.center_xy == (80, 30)
    detector.min_region_area_px = 16
    first, second = detector.detect([image])[0].regions
    assert first == region
    assert (second.left, second.top, second.area_px) == (10, 100, 16)
    assert second.mean_energy == pytest.approx(8)


@pytest.mark.parametrize('mode', ['letterbox', 'stretch', 'crop'])
@pytest.mark.parametrize('camera_hw', [(64, 128), (50, 70), (200, 300), (20, 128)])
def test_bgr_and_rgb_give_the_same(tmp_path: Path, backend: Any, mode: Any, camera_hw: Any):
    geometry = Geometry(mode=mode, padding_rgb=(10, 20, 30))
    detector = open_tiny(tmp_path, backend=backend, geometry=geometry)
    image = random_image(camera_hw)
    (of_rgb,) = detector.detect([image])
    (of_bgr,) = detector.detect([image[..., ::-1]], color_order='bgr')
    np.testing.assert_array_equal(of_rgb.energy_map, of_bgr.energy_map)
    np.testing.assert_array_equal(of_rgb.label_map, of_bgr.label_map)
    assert of_rgb.regions == of_bgr.regions


class RecordingEngine:
    """An engine that keeps what it was given and answers with constant maps."""

    backend, device, precision = 'test', 'CPU', 'fp32'
    num_streams = 1

    def __init__(self, energy: float = 0.0) -> None:
        self.energy = energy
        self.batches: list[np.ndarray] = []
        self.is_closed = False

    def infer(self, images: np.ndarray) -> NetworkMaps:
        self.batches.append(images.copy())
        shape = (len(images), *TINY_METADATA.output_hw)
        return NetworkMaps(np.zeros(shape, np.uint8), np.full(shape, self.energy, np.float32))

    def close(self) -> None:
        self.is_closed = True


def test_the_network_sees_rgb_and_the_padding_in_its_own_color():
    engine = RecordingEngine()
    geometry = Geometry(mode='letterbox', padding_rgb=(1, 2, 3))
    detector = AnomalyDetector(engine, replace(TINY_METADATA, geometry=geometry))
    image_rgb = np.full((32, 128, 3), (10, 20, 30), np.uint8)
    detector.detect([image_rgb], color_order='rgb')
    detector.detect([image_rgb[..., ::-1]], color_order='bgr')
    for batch in engine.batches:
        assert (batch[0, 16:48] == (10, 20, 30)).all()
        assert (batch[0, :16] == (1, 2, 3)).all()
        assert (batch[0, 48:] == (1, 2, 3)).all()


def test_a_batch_of_cameras_equals_one_after_the_other(tmp_path: Path, backend: Any):
    detector = open_tiny(tmp_path, backend=backend, geometry=Geometry())
    images = [random_image(hw, seed) for seed, hw in enumerate([(64, 128), (90, 160), (30, 30)])]
    together = detector.detect(images)
    for image, detection in zip(images, together, strict=True):
        (alone,) = detector.detect([image])
        np.testing.assert_array_equal(detection.energy_map, alone.energy_map)
        np.testing.assert_array_equal(detection.label_map, alone.label_map)
        assert detection.placement == alone.placement
        assert detection.regions == alone.regions


def test_an_earlier_detection_is_not_overwritten(tmp_path: Path, backend: Any):
    detector = open_tiny(tmp_path, backend=backend)
    (first,) = detector.detect([np.zeros((64, 128, 3), np.uint8)])
    detector.detect([np.full((64, 128, 3), 255, np.uint8)])
    assert not first.energy_map.any()
    assert not first.anomaly_mask.any()


def test_images_are_neither_changed_nor_asked_to_be_writable():
    detector = AnomalyDetector(RecordingEngine(), TINY_METADATA)
    image = random_image((50, 70))
    before = image.copy()
    image.setflags(write=False)
    detector.detect([image], color_order='bgr')
    detector.detect([image[::-1, ::2]])
    np.testing.assert_array_equal(image, before)


def test_no_images_give_no_detections():
    engine = RecordingEngine()
    assert AnomalyDetector(engine, TINY_METADATA).detect([]) == []
    assert engine.batches == []


def test_maps_at_camera_are_written_in_place():
    detector = AnomalyDetector(RecordingEngine(7.0), TINY_METADATA)
    (detection,) = detector.detect([random_image((50, 70))])
    energy = np.zeros((50, 70), np.float32)
    mask, labels = np.zeros((50, 70), np.uint8), np.ones((50, 70), np.uint8)
    assert detection.energy_at_camera(energy) is energy
    assert detection.mask_at_camera(mask) is mask
    assert detection.labels_at_camera(labels) is labels
    assert (energy == 7).all()
    assert (mask == 255).all()
    assert not labels.any()


def test_an_energy_at_the_threshold_is_no_anomaly():
    detector = AnomalyDetector(RecordingEngine(6.0), TINY_METADATA)
    image = random_image((64, 128))
    assert not detector.detect([image])[0].anomaly_mask.any()
    detector.threshold = float(np.nextafter(np.float32(6), np.float32(0)))
    assert detector.detect([image])[0].anomaly_mask.all()


def test_the_threshold_is_the_calibrated_one_unless_given():
    calibration = Calibration(
        threshold=-3.5, false_positive_rate=0.01, inlier_standard_deviation=2
    )
    metadata = replace(TINY_METADATA, calibration=calibration)
    assert AnomalyDetector(RecordingEngine(), metadata).threshold == -3.5
    detector = AnomalyDetector(RecordingEngine(), metadata, threshold=0.0)
    assert detector.threshold == 0.0
    (detection,) = detector.detect([random_image((64, 128))])
    assert detection.energy_scale == 2


@pytest.mark.parametrize('value', [float('nan'), float('inf')])
def test_a_threshold_that_is_no_number_is_refused_and_the_old_one_stays(value: float):
    detector = AnomalyDetector(RecordingEngine(), TINY_METADATA)
    with pytest.raises(ValueError, match=r'threshold must be a finite energy, got'):
        detector.threshold = value
    assert detector.threshold == 6.0


def test_a_negative_area_is_refused_and_the_old_one_stays():
    detector = AnomalyDetector(RecordingEngine(), TINY_METADATA, min_region_area_px=7)
    with pytest.raises(ValueError, match=r'0 or more pixels, got -1'):
        detector.min_region_area_px = -1
    assert detector.min_region_area_px == 7


@pytest.mark.parametrize('energy', [float('nan'), float('inf'), float('-inf')])
def test_energies_that_are_no_numbers_are_refused(energy: float):
    """They compare as no anomaly, which would be a silent miss."""
    detector = AnomalyDetector(RecordingEngine(energy), TINY_METADATA)
    with pytest.raises(EngineError, match=r"model 'tiny' .*not finite .*fp32"):
        detector.detect([random_image((64, 128))])


@pytest.mark.parametrize(
    'image',
    [
        np.zeros((64, 128), np.uint8),
        np.zeros((64, 128, 4), np.uint8),
        np.zeros((64, 128, 3), np.float32),
        np.zeros((0, 128, 3), np.uint8),
        np.zeros((64, 0, 3), np.uint8),
    ],
)
def test_an_image_that_is_none_is_refused(image: np.ndarray):
    engine = RecordingEngine()
    detector = AnomalyDetector(engine, TINY_METADATA)
    with pytest.raises(ValueError, match=r'image must be \(H, W, 3\) uint8 with pixels, got'):
        detector.detect([random_image((64, 128)), image])
    assert engine.batches == []


def test_an_unknown_color_order_is_refused():
    detector = AnomalyDetector(RecordingEngine(), TINY_METADATA)
    with pytest.raises(ValueError, match="'rgb' or 'bgr', got 'rgba'"):
        detector.detect([random_image((64, 128))], color_order='rgba')  # type: ignore[arg-type]


def test_opening_tells_which_file_runs(tiny_model: Path, backend: Any):
    detector = AnomalyDetector.open(tiny_model, backend=backend, threshold=1.0)
    assert detector.metadata == TINY_METADATA
    assert detector.model_sha256 == hashlib.sha256(tiny_model.read_bytes()).hexdigest()
    assert detector.engine.backend == backend
    assert detector.threshold == 1.0


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


def test_times_are_measured(monkeypatch: pytest.MonkeyPatch):
    def clock() -> Iterator[float]:
        yield from (0.0, 0.002, 0.010, 0.015, 0.020, 0.027)  # in pairs: 2, 5 and 7 ms

    ticks = clock()
    monkeypatch.setattr('time.perf_counter', lambda: next(ticks))
    (detection,) = AnomalyDetector(RecordingEngine(), TINY_METADATA).detect(
        [random_image((64, 128))]
    )
    assert detection.preprocess_ms == pytest.approx(2)
    assert detection.inference_ms == pytest.approx(5)
    assert detection.postprocess_ms == pytest.approx(7)


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
