"""The tiny model on every runtime, worked out by hand."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip('onnx')

from hopfield_pebal_ros.contract.geometry import Geometry
from hopfield_pebal_ros.contract.labels import IGNORE_ID
from hopfield_pebal_ros.inference.detector import AnomalyDetector
from tests.inference.recording_engine import random_image
from tests.tiny_model import TINY_METADATA, write_tiny_model


@pytest.fixture(params=['openvino', 'onnxruntime'])
def backend(request: pytest.FixtureRequest) -> Any:
    pytest.importorskip(request.param)
    return request.param


def open_tiny(folder: Path, *, backend: Any = 'openvino', **changes: Any) -> AnomalyDetector:
    write_tiny_model(folder / 'm.onnx', **changes)
    return AnomalyDetector.open(folder / 'm.onnx', backend=backend)


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


def test_opening_tells_which_file_runs(tiny_model: Path, backend: Any):
    detector = AnomalyDetector.open(tiny_model, backend=backend, threshold=1.0)
    assert detector.metadata == TINY_METADATA
    assert detector.model_sha256 == hashlib.sha256(tiny_model.read_bytes()).hexdigest()
    assert detector.engine.backend == backend
    assert detector.threshold == 1.0
