"""Names of cameras, and which value holds for one of them."""

import math

import pytest

pytest.importorskip('rclpy')

from hopfield_pebal_ros.node.camera_parameters import (
    camera_table,
    check_cameras,
    read_camera,
    topic_of,
)
from hopfield_pebal_ros.node.parameters import Parameters


class Values:
    """A node as far as its parameter values go."""

    def __init__(self, **values):
        self._values = values

    def get_parameter(self, name):
        return type('Parameter', (), {'value': self._values[name.partition('.')[2]]})


def test_topics_have_the_camera_as_prefix():
    assert topic_of('front', 'energy') == 'front/energy'
    assert topic_of('', 'energy') == 'energy'


def test_every_named_camera_has_its_parameters():
    table = camera_table(['front', 'left'])
    assert {'front.energy_threshold', 'left.energy_threshold', 'left.ignore_mask'} <= set(table)
    assert camera_table(['']) == {}


def test_what_a_camera_does_not_set_is_the_nodes():
    node = Values(
        ignore_mask='',
        energy_threshold=3.5,
        max_rate_hz=0.0,
        camera_height_m=math.nan,
        camera_pitch_deg=2.0,
        camera_yaw_deg=math.nan,
    )
    parameters = Parameters(ignore_mask='bonnet.png', max_rate_hz=10.0, camera_height_m=1.5)
    found = read_camera(node, 'front', parameters)
    assert (found.ignore_mask, found.energy_threshold) == ('bonnet.png', 3.5)
    assert found.max_rate_hz == 0.0
    assert (found.camera_height_m, found.camera_pitch_deg, found.camera_yaw_deg) == (1.5, 2.0, 0.0)
    assert read_camera(node, '', parameters).max_rate_hz == 10.0


@pytest.mark.parametrize(
    ('cameras', 'reason'),
    [
        ([], 'one or more different names'),
        (['front', 'front'], 'one or more different names'),
        (['', 'front'], "camera '' is a single camera"),
        (['front left'], "got 'front left'"),
        (['/front'], "got '/front'"),
        (['1st'], "got '1st'"),
        (['model'], "cannot be called 'model'"),
    ],
)
def test_names_that_make_no_topics_are_refused(cameras, reason):
    with pytest.raises(ValueError, match=reason):
        check_cameras(cameras)


@pytest.mark.parametrize('cameras', [[''], ['front'], ['front', 'rear_left', 'cam0']])
def test_plain_names_are_good(cameras):
    check_cameras(cameras)
