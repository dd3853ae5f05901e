"""Pinhole projection, worked by hand."""

import numpy as np
import pytest

from hopfield_pebal_ros.scenes.camera import Camera

LEVEL = Camera(image_hw=(101, 201), focal_px=100.0, height_m=1.5)


def test_a_point_straight_ahead_is_the_principal_point():
    pixels, depth = LEVEL.project(np.array([[0.0, 0.0, 7.0]]))
    np.testing.assert_allclose(pixels, [[100.0, 50.0]])
    np.testing.assert_allclose(depth, [7.0])


def test_projection_divides_by_depth():
    # x = 100 + 100 * 2 / 10, y = 50 + 100 * 1.5 / 10
    pixels, _ = LEVEL.project(np.array([[2.0, 1.5, 10.0]]))
    np.testing.assert_allclose(pixels, [[120.0, 65.0]])


def test_looking_down_moves_the_horizon_up():
    # a far point lies at y = 50 - 100 * tan(pitch)
    camera = Camera(image_hw=(101, 201), focal_px=100.0, height_m=1.5, pitch_rad=0.1)
    pixels, _ = camera.project(np.array([[0.0, 0.0, 1e6]]))
    np.testing.assert_allclose(pixels[0, 1], 50 - 100 * np.tan(0.1), atol=1e-3)


def test_looking_right_moves_things_left():
    camera = Camera(image_hw=(101, 201), focal_px=100.0, height_m=1.5, yaw_rad=0.2)
    pixels, _ = camera.project(np.array([[0.0, 0.0, 5.0]]))
    np.testing.assert_allclose(pixels[0, 0], 100 - 100 * np.tan(0.2), atol=1e-9)


@pytest.mark.parametrize('turn', [(0.0, 0.0, 0.0), (0.1, -0.05, 0.2), (-0.2, 0.3, -0.1)])
def test_rays_and_projection_are_inverse(turn):
    pitch, roll, yaw = turn
    camera = Camera(
        image_hw=(60, 80), focal_px=70.0, height_m=1.5, pitch_rad=pitch, roll_rad=roll, yaw_rad=yaw
    )
    slope_x, slope_y = camera.rays(20)
    points = np.stack([slope_x, slope_y, np.ones_like(slope_x)], axis=-1) * 9.0
    pixels, _ = camera.project(points.reshape(-1, 3).astype(np.float64))
    rows, columns = np.mgrid[20:60, :80]
    np.testing.assert_allclose(pixels[:, 0], columns.ravel(), atol=2e-3)
    np.testing.assert_allclose(pixels[:, 1], rows.ravel(), atol=2e-3)
