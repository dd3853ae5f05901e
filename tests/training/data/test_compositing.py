import numpy as np
import pytest

from hopfield_pebal_ros.contract.labels import IGNORE_ID, OUTLIER_ID
from training.data.compositing import (
    black_out,
    blend,
    clad,
    noise_of,
    recolored,
    resized,
    softened,
    with_turned_hue,
)
from training.data.outliers.cut_out import CutOut


def square(side, color=(200, 40, 40)):
    rgb = np.full((side, side, 3), color, np.uint8)
    return CutOut(rgb, np.ones((side, side), np.float32))


def blended(cut_out, *, top=10, left=10, is_color_matched=False, is_lit_by_place=True, scene=100):
    image, labels = np.full((40, 50, 3), scene, np.uint8), np.zeros((40, 50), np.uint8)
    blend(
        image,
        labels,
        cut_out,
        top=top,
        left=left,
        is_color_matched=is_color_matched,
        is_lit_by_place=is_lit_by_place,
        rng=np.random.default_rng(0),
    )
    return image, labels


def test_labels_are_those_of_the_cover():
    object_with_edge = square(4)
    object_with_edge.alpha[0] = (0.04, 0.06, 0.5, 0.51)
    image, labels = blended(object_with_edge)
    assert labels[10, 10:14].tolist() == [0, IGNORE_ID, IGNORE_ID, OUTLIER_ID]
    assert (labels[11:14, 10:14] == OUTLIER_ID).all()
    assert (labels != 0).sum() == 15
    assert (image[:10] == 100).all()


@pytest.mark.parametrize(('top', 'left', 'seen'), [(-2, -3, 12), (38, 10, 10), (40, 0, 0)])
def test_what_lies_beyond_the_picture_is_cut_off(top, left, seen):
    _, labels = blended(square(5), top=top, left=left)
    assert (labels == OUTLIER_ID).sum() == {12: 3 * 2, 10: 2 * 5, 0: 0}[seen]


def test_matched_colours_go_at_least_two_fifths_of_the_way_to_the_place():
    colours = square(8).rgb[0, 0].astype(int)
    image, labels = blended(square(8), is_color_matched=True, scene=90)
    matched = image[labels == OUTLIER_ID].astype(int)
    assert (matched == matched[0]).all()  # a flat scene has neither noise nor contrast
    assert (np.abs(matched[0] - 90) <= 0.6 * np.abs(colours - 90) + 1).all()


def test_any_light_depends_on_chance_and_not_on_the_place():
    dark, labels = blended(square(8), scene=10, is_lit_by_place=False)
    bright, _ = blended(square(8), scene=240, is_lit_by_place=False)
    assert np.array_equal(dark[labels == OUTLIER_ID], bright[labels == OUTLIER_ID])
    lit, _ = blended(square(8), scene=240)
    assert not np.array_equal(dark[labels == OUTLIER_ID], lit[labels == OUTLIER_ID])


def test_borders_are_soft_on_every_side_and_take_the_colour_of_the_inside():
    soft = softened(square(20), sigma_px=1.0, is_blurred=False)
    assert soft.alpha.shape == (26, 26)  # 3 sigma on each side
    for edge in (soft.alpha, soft.alpha.T, soft.alpha[::-1], soft.alpha.T[::-1]):
        # half a pixel to either side of the border: 0.5 -+ 0.19, one and a half: 0.07 and 0.93
        assert edge[1:5, 13] == pytest.approx([0.07, 0.31, 0.69, 0.93], abs=0.02)
        assert edge[0, 13] < 0.02
    assert (soft.rgb[soft.alpha > 0.01] == (200, 40, 40)).all()


def test_only_the_border_of_a_photograph_is_blurred():
    striped = square(20)
    striped.rgb[:, ::2] = 0
    kept = softened(striped, sigma_px=1.0, is_blurred=False)
    blurred = softened(striped, sigma_px=1.0, is_blurred=True)
    assert np.array_equal(kept.rgb[3:23, 3:23], striped.rgb)
    assert np.ptp(blurred.rgb[12, 9:17, 0].astype(int)) < 40  # stripes of 0 and 200


def test_the_smallest_objects_keep_a_solid_pixel():
    for side in (1, 2, 3, 5):
        assert softened(square(side), sigma_px=1.3, is_blurred=True).alpha.max() > 0.6


def test_without_feathering_nothing_changes():
    plain = square(9)
    assert softened(plain, sigma_px=0.0, is_blurred=True) is plain


@pytest.mark.parametrize(('factor', 'side'), [(0.5, 10), (1.0, 20), (1.7, 34), (0.001, 1)])
def test_resizing_keeps_colour_and_cover(factor, side):
    found = resized(square(20), factor)
    assert found.alpha.shape == (side, side)
    assert found.alpha.min() == 1
    assert (found.rgb == (200, 40, 40)).all()


def test_a_clad_object_has_the_colours_of_the_scene():
    grey = np.full((40, 40, 3), 100, np.uint8)
    for seed in range(8):
        found = clad(square(20, (255, 0, 0)), grey, np.random.default_rng(seed))
        assert found.rgb.min() > 20  # a tinted grey; the object has no green or blue


def test_black_out_leaves_the_outliers_alone():
    image, labels = blended(square(6))
    before = image.copy()
    is_outlier = labels == OUTLIER_ID
    black_out(image, labels, np.array((1, 2, 3), np.uint8))
    assert np.array_equal(image[is_outlier], before[is_outlier])
    assert (image[~is_outlier] == (1, 2, 3)).all()
    assert (labels[~is_outlier] == IGNORE_ID).all()


def test_noise_of_a_scene_is_measured():
    rng = np.random.default_rng(0)
    scene = (100 + rng.normal(0, 5, (60, 60, 3))).astype(np.float32)
    assert noise_of(scene) == pytest.approx(5, rel=0.15)
    assert noise_of(np.full((60, 60, 3), 9, np.float32)) == 0


@pytest.mark.parametrize(('share', 'mean'), [(0.0, 80), (0.5, 120), (1.0, 160)])
def test_colours_move_a_share_of_the_way_to_those_of_another_picture(share, mean):
    rng = np.random.default_rng(0)
    pictures = [
        np.repeat(rng.integers(centre - 20, centre + 20, (40, 40, 1), np.uint8), 3, axis=2)
        for centre in (80, 160)
    ]
    found = recolored(*pictures, share=share)
    # lightness is nearly linear in the middle greys
    assert found.mean() == pytest.approx(mean, abs=4)
    assert np.ptp(found, axis=2).max() <= 2  # still grey
    if share == 0:
        assert np.abs(found.astype(int) - pictures[0]).max() <= 1


def test_a_third_of_the_circle_makes_red_green():
    turned = with_turned_hue(square(3, (200, 40, 40)), degrees=120)
    assert (turned.rgb == (40, 200, 40)).all()
    grey = square(3, (90, 90, 90))
    assert np.array_equal(with_turned_hue(grey, degrees=77).rgb, grey.rgb)
