"""Image points on the ground, by hand."""

import math

import cv2
import numpy as np
import pytest

from hopfield_pebal_ros.node.ground_points import mounted, on_ground

CAMERA = np.array([[1000.0, 0, 960.0], [0, 1000.0, 540.0], [0, 0, 1]])
NO_DISTORTION = [0.0] * 5


def ground(x, y, *, height=1.5, pitch=0.0, yaw=0.0, distortion=NO_DISTORTION, model='plumb_bob'):
    pose = mounted(height, pitch_deg=pitch, yaw_deg=yaw)
    return on_ground(np.array([[x, y]], float), CAMERA, distortion, model, pose)[0]


def test_a_level_camera_sees_the_ground_below_the_horizon():
    # 100 px below the horizon: 1.5 m down in 1.5 * 1000 / 100 = 15 m
    assert ground(960, 640) == pytest.approx([15, 0, 0])
    # 200 px to the right of it at 15 m: 3 m to the right, which is -y
    assert ground(1160, 640) == pytest.approx([15, -3, 0])


def test_a_camera_that_looks_down_45_degrees_sees_its_height_ahead():
    assert ground(960, 540, pitch=45) == pytest.approx([1.5, 0, 0])


def test_a_camera_that_looks_left_sees_what_is_left():
    assert ground(960, 640, yaw=90) == pytest.approx([0, 15, 0])


@pytest.mark.parametrize('y', [540, 400, 544])  # horizon, sky, 375 m away
def test_no_ground_above_the_horizon_or_too_far_away(y):
    assert np.isnan(ground(960, y)).all()


@pytest.mark.parametrize('model', ['plumb_bob', 'equidistant'])
def test_distortion_is_undone(model):
    point = np.array([[[0.4, 0.25]]])  # at 6 m ahead for a height of 1.5 m
    if model == 'plumb_bob':
        distortion = [-0.2, 0.05, 0.001, -0.001, 0.0]
        pixel = cv2.projectPoints(
            np.array([[0.4, 0.25, 1.0]]), np.zeros(3), np.zeros(3), CAMERA, np.array(distortion)
        )[0]
    else:
        distortion = [0.1, 0.01, 0.0, 0.0]
        pixel = cv2.fisheye.distortPoints(point, CAMERA, np.array(distortion))
    found = ground(*pixel.ravel(), distortion=distortion, model=model)
    assert found == pytest.approx([6, -2.4, 0], abs=1e-3)


def test_an_unknown_model_is_refused_unless_it_does_nothing():
    assert ground(960, 640, model='omni') == pytest.approx([15, 0, 0])
    with pytest.raises(ValueError, match="distortion_model 'omni'; known are plumb_bob"):
        ground(960, 640, model='omni', distortion=[0.1, 0, 0, 0, 0])


def test_no_points_are_none():
    pose = mounted(1.5, pitch_deg=0, yaw_deg=0)
    assert on_ground(np.empty((0, 2)), CAMERA, NO_DISTORTION, '', pose).shape == (0, 3)


def test_a_pose_turns_without_stretching():
    rotation = mounted(1.0, pitch_deg=10, yaw_deg=-30).rotation
    assert rotation @ rotation.T == pytest.approx(np.eye(3))
    assert np.linalg.det(rotation) == pytest.approx(1)
    ahead = rotation @ [0, 0, 1]
    assert math.degrees(math.atan2(ahead[1], ahead[0])) == pytest.approx(-30)
