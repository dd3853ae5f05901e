"""What is particular to a camera: mask, smoothing and the ground, by hand."""

import numpy as np
import pytest

from hopfield_pebal_ros.contract.geometry import Geometry
from hopfield_pebal_ros.inference.camera_view import CameraView
from hopfield_pebal_ros.inference.detector import AnomalyDetector
from tests.tiny_model import write_tiny_model


@pytest.fixture
def detector(tmp_path):
    """Energy = red / 25.5, label = green // 16; the threshold is 6."""
    write_tiny_model(tmp_path / 'tiny.onnx')
    return AnomalyDetector.open(tmp_path / 'tiny.onnx')


def picture(red, green=0):
    made = np.zeros((64, 128, 3), np.uint8)
    made[..., 0], made[..., 1] = red, green
    return made


def test_energy_is_nan_under_the_mask_and_nowhere_else(detector):
    mask = np.zeros((64, 128), np.uint8)
    mask[40:] = 1
    view = CameraView(6.0, ignore_mask=mask)
    (found,) = detector.detect([picture(255)], views=[view])
    assert np.isnan(found.energy_map[40:]).all()
    assert (found.energy_map[:40] == 10).all()
    assert (found.anomaly_mask[40:] == 0).all()
    (region,) = found.regions
    assert (region.top, region.height) == (0, 40)
    assert (found.label_map[40:] == 0).all()  # the class is still told


def test_the_mask_follows_the_placement(tmp_path):
    metadata = write_tiny_model(
        tmp_path / 'tiny.onnx', geometry=Geometry(mode='letterbox'), output_hw=(32, 64)
    )
    detector = AnomalyDetector.open(tmp_path / 'tiny.onnx')
    mask = np.zeros((100, 100), np.uint8)
    mask[:, :50] = 255
    view = CameraView(6.0, ignore_mask=mask)
    (found,) = detector.detect([np.full((100, 100, 3), 255, np.uint8)], views=[view])
    box = found.placement.box_in(metadata.output_hw)
    inside = box.of(found.energy_map)
    assert np.isnan(inside[:, : box.width // 2]).all()
    assert (inside[:, box.width // 2 :] == 10).all()


def test_a_mask_of_another_size_is_refused_with_the_remedy(detector):
    view = CameraView(6.0, ignore_mask=np.zeros((10, 10), np.uint8))
    with pytest.raises(ValueError, match=r'\(10, 10\), the image \(64, 128\); draw the mask'):
        detector.detect([picture(0)], views=[view])


def test_smoothing_is_an_exponential_mean(detector):
    view = CameraView(6.0, smoothing=0.75)
    energies = [
        float(detector.detect([picture(red)], views=[view])[0].energy_map[0, 0])
        for red in (0, 255, 255)
    ]
    # 0; 0.25 * 10 + 0.75 * 0; 0.25 * 10 + 0.75 * 2.5
    assert energies == pytest.approx([0, 2.5, 4.375])
    view.forget()
    (found,) = detector.detect([picture(255)], views=[view])
    assert found.energy_map[0, 0] == pytest.approx(10)


def test_views_do_not_share_their_past(detector):
    views = [CameraView(6.0, smoothing=0.5), CameraView(6.0, smoothing=0.5)]
    detector.detect([picture(0), picture(255)], views=views)
    found = detector.detect([picture(255), picture(255)], views=views)
    assert [each.energy_map[5, 5] for each in found] == pytest.approx([5, 10])


def test_only_regions_that_stand_on_the_ground_are_listed(detector):
    image = picture(0, green=0)  # class 0
    image[:30, :, 1] = 2 * 16 + 1  # class 2 above
    image[20:34, 10:20, 0] = 255  # its foot is on class 0
    image[5:15, 60:70, 0] = 255  # hangs before class 2
    image[50:64, 100:110, 0] = 255  # down to the edge, on class 0 itself
    (found,) = detector.detect([image], views=[CameraView(6.0, ground_ids=[0])])
    assert sorted(each.left for each in found.regions) == [10, 100]
    (every,) = detector.detect([image], views=[CameraView(6.0)])
    assert len(every.regions) == 3
    assert (found.anomaly_mask == every.anomaly_mask).all()


def test_each_image_of_a_batch_has_its_own_threshold_and_colour_order(detector):
    bgr = np.ascontiguousarray(picture(102)[..., ::-1])
    found = detector.detect(
        [picture(102), bgr],
        color_order=['rgb', 'bgr'],
        views=[CameraView(3.5), CameraView(4.5)],
    )
    assert [each.energy_map[0, 0] for each in found] == pytest.approx([4, 4])
    assert [int(each.anomaly_mask[0, 0]) for each in found] == [255, 0]


@pytest.mark.parametrize(
    ('values', 'reason'),
    [
        ({'threshold': float('nan')}, 'finite energy'),
        ({'threshold': 0, 'smoothing': 1.0}, 'smoothing must be 0 to 0.95'),
        ({'threshold': 0, 'min_region_area_px': -1}, 'min_region_area_px'),
        ({'threshold': 0, 'ignore_mask': np.zeros((2, 2, 3), np.uint8)}, r'\(H, W\) uint8'),
    ],
)
def test_values_out_of_range_are_refused(values, reason):
    with pytest.raises(ValueError, match=reason):
        CameraView(**values)
