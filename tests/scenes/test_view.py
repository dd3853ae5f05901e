"""Road coordinates to pixels and back."""

import numpy as np
import pytest

from hopfield_pebal_ros.scenes.camera import Camera
from hopfield_pebal_ros.scenes.view import View


def view_with(**road) -> View:
    camera = Camera(image_hw=(120, 200), focal_px=150.0, height_m=1.5, pitch_rad=0.03)
    return View(camera=camera, s_m=100.0, u_m=0.3, **road)


def test_a_bend_moves_the_road_sideways_by_half_curvature_times_distance_squared():
    # 20 m ahead with 1/100 m: 0.5 * 0.01 * 400 = 2 m
    point = view_with(bend=0.01).to_camera(np.array([[120.0, 0.3, 0.0]]))
    np.testing.assert_allclose(point, [[2.0, 1.5, 20.0]])


def test_a_rise_lifts_the_road():
    point = view_with(rise=0.01).to_camera(np.array([[110.0, 0.3, 0.2]]))
    np.testing.assert_allclose(point, [[0.0, 1.5 - 0.2 - 0.5, 10.0]])


@pytest.mark.parametrize('road', [{}, {'bend': 0.004}, {'rise': 0.001}, {'rise': -0.001}])
def test_ground_grid_is_the_inverse_of_projection(road):
    view = view_with(**road)
    grid = view.ground()
    near = grid.is_ground & (grid.depth < 60)
    rows, columns = np.nonzero(near)
    points = np.stack([grid.s[near], grid.u[near], np.zeros(len(rows))], axis=1)
    pixels, _ = view.project(points.astype(np.float64))
    assert len(rows) > 5000
    np.testing.assert_allclose(pixels[:, 0], columns, atol=0.05)
    np.testing.assert_allclose(pixels[:, 1], rows + grid.first_row, atol=0.05)


def test_a_thing_twice_as_far_is_half_as_large():
    view = view_with()
    foot_and_top = [[[100.0 + z, 0.3, 0.0], [100.0 + z, 0.3, 2.0]] for z in (15.0, 30.0)]
    heights = [np.ptp(view.project(np.array(pair))[0][:, 1]) for pair in foot_and_top]
    assert heights[0] / heights[1] == pytest.approx(2.0, rel=0.02)  # the pitch is small, not 0


def test_a_taller_thing_further_away_can_be_smaller():
    view = view_with()
    near, far = (
        [[100.0 + z, 0.0, 0.0], [100.0 + z, 0.0, h]] for z, h in ((8.0, 1.7), (60.0, 4.0))
    )
    sizes = [np.ptp(view.project(np.array(pair))[0][:, 1]) for pair in (near, far)]
    assert sizes[1] < sizes[0]
