"""Colours, labels and instances change together."""

import numpy as np

from hopfield_pebal_ros.scenes.canvas import Canvas, Patch, PixelBox, in_haze, relit


def patch_of(alpha: int, x0: int = 1, y0: int = 1) -> Patch:
    rgba = np.zeros((2, 2, 4), np.uint8)
    rgba[...] = (alpha, 0, 0, alpha)  # red, multiplied by alpha
    return Patch(rgba, x0, y0)


def test_half_a_pixel_decides_the_label():
    canvas = Canvas((4, 4), 10)
    canvas.paint(patch_of(127), 13, 5)
    assert (canvas.label_map == 10).all()
    canvas.paint(patch_of(128), 13, 5)
    assert (canvas.label_map[1:3, 1:3] == 13).all()
    assert (canvas.instance_map[1:3, 1:3] == 5).all()
    assert (canvas.label_map == 13).sum() == 4


def test_alpha_mixes_the_colours():
    canvas = Canvas((4, 4), 10)
    canvas.lay_sky(np.full((4, 4, 3), 200, np.uint8))
    canvas.paint(patch_of(51), 13)
    # one fifth of red 255 and four fifths of grey 200
    np.testing.assert_allclose(canvas.image_rgb()[1, 1], [211, 160, 160], atol=1)


def test_something_without_instance_hides_the_instance_behind_it():
    canvas = Canvas((4, 4), 10)
    canvas.paint(patch_of(255), 13, 5)
    canvas.paint(patch_of(255, x0=2), 8)
    assert canvas.instance_map[1, 1] == 5
    assert canvas.instance_map[1, 2] == 0


def test_what_hangs_over_the_border_is_cut_off():
    canvas = Canvas((4, 4), 10)
    canvas.paint(patch_of(255, x0=-1, y0=3), 13)
    assert canvas.label_map[3, 0] == 13
    assert (canvas.label_map == 13).sum() == 1


def test_what_is_outside_changes_nothing():
    canvas = Canvas((4, 4), 10)
    canvas.paint(patch_of(255, x0=9), 13)
    assert (canvas.label_map == 10).all()
    assert PixelBox(9, 0, 2, 2).within((4, 4)) is None


def test_a_tint_leaves_the_labels_alone():
    canvas = Canvas((4, 4), 10)
    canvas.tint(patch_of(255))
    assert canvas.image_rgb()[1, 1, 0] == 255
    assert (canvas.label_map == 10).all()


def test_full_haze_replaces_the_colour_and_keeps_the_edge():
    hazed = in_haze(patch_of(128), 1.0, np.array([200.0, 100.0, 50.0]))
    np.testing.assert_allclose(hazed.rgba[0, 0], [100, 50, 25, 128], atol=1)


def test_light_multiplies():
    np.testing.assert_allclose(
        relit(patch_of(100), np.array([0.5, 1, 1])).rgba[0, 0], [50, 0, 0, 100]
    )


def test_ground_is_laid_only_where_it_is():
    canvas = Canvas((4, 2), 10)
    is_ground = np.array([[False, True], [True, True], [True, True]])
    canvas.lay_ground(np.full((3, 2, 3), 90, np.uint8), np.zeros((3, 2), np.uint8), is_ground)
    np.testing.assert_array_equal(canvas.label_map, [[10, 10], [10, 0], [0, 0], [0, 0]])
    np.testing.assert_array_equal(
        canvas.image_rgb()[..., 0], [[0, 0], [0, 90], [90, 90], [90, 90]]
    )
