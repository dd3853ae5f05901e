"""What the detector gives to an engine, and makes of its answer."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip('onnx')

from hopfield_pebal_ros.contract.geometry import Geometry
from hopfield_pebal_ros.contract.metadata import Calibration
from hopfield_pebal_ros.inference.detector import AnomalyDetector
from hopfield_pebal_ros.inference.engine import EngineError
from tests.inference.recording_engine import RecordingEngine, random_image
from tests.tiny_model import TINY_METADATA


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
