"""Intrinsics of the image and of the output map, by hand and by projecting points."""

from types import SimpleNamespace

import numpy as np
import pytest

from hopfield_pebal_ros.contract.geometry import place
from hopfield_pebal_ros.node.camera_info import image_camera_info, intrinsics, map_camera_info


def info(width=1920, height=1080, **changes):
    """Return fields of sensor_msgs/CameraInfo: f 1000 and 1100, centre 959.5, 539.5, baseline."""
    values = {
        'width': width,
        'height': height,
        'k': [1000.0, 0, 959.5, 0, 1100.0, 539.5, 0, 0, 1],
        'p': [1000.0, 0, 959.5, -200.0, 0, 1100.0, 539.5, 0, 0, 0, 1, 0],
        'd': [0.1, 0.0, 0.0, 0.0, 0.0],
        'distortion_model': 'plumb_bob',
        'binning_x': 0,
        'binning_y': 0,
        'roi': SimpleNamespace(x_offset=0, y_offset=0, height=0, width=0),
        'header': None,
    }
    return SimpleNamespace(**{**values, **changes})


def test_the_full_image_has_the_matrices_as_sent():
    camera, projection = intrinsics(info(), (1080, 1920))
    assert camera.ravel().tolist() == info().k
    assert projection.ravel().tolist() == info().p


def test_region_and_binning_lead_to_the_image():
    roi = SimpleNamespace(x_offset=160, y_offset=80, height=800, width=1600)
    camera, _ = intrinsics(info(roi=roi, binning_x=2, binning_y=2), (400, 800))
    # the centre ray at 959.5 is pixel edge 960: 800 in the region, 400 after binning
    assert (camera[0, 0], camera[0, 2]) == (500, 399.5)
    assert (camera[1, 1], camera[1, 2]) == (550, (540 - 80) / 2 - 0.5)


def test_a_stretched_map_scales_each_axis():
    placement = place((1080, 1920), (512, 1024), 'stretch')
    made = map_camera_info(info(), placement, (256, 512), 'header')
    assert (made.height, made.width, made.header) == (256, 512, 'header')
    assert made.k[0] == pytest.approx(1000 * 512 / 1920)
    assert made.k[4] == pytest.approx(1100 * 256 / 1080)
    assert (made.k[2], made.k[5]) == pytest.approx((255.5, 127.5))  # still the middle
    assert made.p[3] == pytest.approx(-200 * 512 / 1920)
    assert made.k[8] == made.p[10] == 1


@pytest.mark.parametrize('mode', ['letterbox', 'crop', 'stretch'])
def test_a_point_is_seen_where_the_map_shows_it(mode):
    placement = place((600, 1000), (512, 1024), mode)
    given = info(1000, 600, k=[800.0, 0, 480.0, 0, 820.0, 310.0, 0, 0, 1])
    made = map_camera_info(given, placement, (256, 512), None)
    point = np.array([0.3, -0.2, 2.0])
    x, y, _ = np.reshape(given.k, (3, 3)) @ point / 2.0
    box, inside = placement.camera_box, placement.box_in((256, 512))
    expected = (
        (x + 0.5 - box.left) / box.width * inside.width + inside.left - 0.5,
        (y + 0.5 - box.top) / box.height * inside.height + inside.top - 0.5,
    )
    found = np.reshape(made.k, (3, 3)) @ point / 2.0
    assert found[:2] == pytest.approx(expected)


def test_what_the_camera_sent_is_not_changed():
    given = info()
    map_camera_info(given, place((1080, 1920), (512, 1024), 'stretch'), (256, 512), 'header')
    made = image_camera_info(given, (1080, 1920), 'header')
    assert (given.header, given.width, given.k[0]) == (None, 1920, 1000.0)
    assert (made.header, made.k) == ('header', given.k)


@pytest.mark.parametrize(
    ('given', 'reason'),
    [
        (info(k=[0.0] * 9), 'not calibrated'),
        (info(1280, 720), r'of height, width \(720, 1280\), the image has \(1080, 1920\)'),
    ],
)
def test_what_does_not_fit_is_refused(given, reason):
    with pytest.raises(ValueError, match=reason):
        intrinsics(given, (1080, 1920))
