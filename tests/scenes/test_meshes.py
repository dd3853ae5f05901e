"""Solids: orientation, culling, exact outlines, the near plane."""

import numpy as np
import pytest

from hopfield_pebal_ros.scenes.camera import Camera
from hopfield_pebal_ros.scenes.light import random_light
from hopfield_pebal_ros.scenes.meshes import Pose, box, draw_solid, join, outward_normals
from hopfield_pebal_ros.scenes.view import View

VIEW = View(camera=Camera(image_hw=(100, 200), focal_px=100.0, height_m=1.0), s_m=0.0, u_m=0.0)
LIGHT = random_light(np.random.default_rng(1)).local(5.0, sun_visible=1.0)


def test_normals_of_a_box_point_outwards():
    solid = box((-1, -2, 0), (1, 2, 3), (100, 100, 100))
    outwards = solid.corners.mean(axis=1) - solid.corners.reshape(-1, 3).mean(axis=0)
    normals = outward_normals(solid.corners)
    assert (np.sum(normals * outwards, axis=1) > 0).all()
    np.testing.assert_allclose(np.linalg.norm(normals, axis=1), 1)


def test_a_turned_pose_faces_right():
    np.testing.assert_allclose(
        Pose(1, 2, np.pi / 2).to_road(np.array([[3.0, 0, 0]])), [[1, 5, 0]], atol=1e-9
    )


def test_the_front_of_a_box_covers_its_projection():
    # front face at z = 4: u -1..1, h 0..2 -> x 99.5 -/+ 25, y 49.5 -/+ 25
    patch = draw_solid(VIEW, box((0, -1, 0), (2, 1, 2), (200, 0, 0)), Pose(4, 0), light=LIGHT)
    rows, columns = np.nonzero(patch.rgba[..., 3] > 127)
    assert (columns.min() + patch.x0, columns.max() + patch.x0) == pytest.approx(
        (74.5, 124.5), abs=1
    )
    assert (rows.min() + patch.y0, rows.max() + patch.y0) == pytest.approx((24.5, 74.5), abs=1)


def test_a_higher_rank_hides_a_nearer_face():
    near, far = (
        box((0, -1, 0), (0.1, 1, 2), (200, 0, 0)),
        box((3, -9, 0), (3.1, 9, 9), (0, 200, 0)),
    )
    patch = draw_solid(VIEW, join([near, far], ranks=[0, 1]), Pose(4, 0), light=LIGHT)
    middle = patch.rgba[45 - patch.y0, 100 - patch.x0]
    assert middle[1] > 3 * max(int(middle[0]), 1)


def test_a_box_that_passes_the_camera_is_cut_not_dropped():
    patch = draw_solid(
        VIEW, box((-10, 2, 0), (10, 3, 2), (200, 200, 200)), Pose(0, 0), light=LIGHT
    )
    assert patch.x0 + patch.rgba.shape[1] == 200
    # its side runs from the right border inwards: at z = 10 it is at x = 99.5 + 20
    assert patch.x0 == pytest.approx(119.5, abs=2)


def test_what_is_behind_the_camera_is_not_drawn():
    assert (
        draw_solid(VIEW, box((-10, 2, 0), (-5, 3, 2), (1, 1, 1)), Pose(0, 0), light=LIGHT) is None
    )
