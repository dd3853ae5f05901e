"""Outliers on their own."""

import numpy as np
import pytest

from hopfield_pebal_ros.scenes.outliers import draw_outlier, random_outlier


@pytest.mark.parametrize('size_px', [5, 24, 100, 600])
@pytest.mark.parametrize('seed', range(4))
def test_the_larger_side_has_the_asked_size(seed, size_px):
    image, alpha = draw_outlier(np.random.default_rng(seed), size_px)
    assert max(alpha.shape) == size_px
    assert image.shape == (*alpha.shape, 3)
    assert image.dtype == np.uint8
    assert alpha.dtype == np.float32


@pytest.mark.parametrize('seed', range(15))
def test_alpha_is_a_solid_object_that_touches_all_four_sides(seed):
    _, alpha = draw_outlier(np.random.default_rng(seed), 120)
    assert alpha.min() >= 0
    assert alpha.max() == 1
    for border in (alpha[0], alpha[-1], alpha[:, 0], alpha[:, -1]):
        assert border.max() > 0
    assert (alpha > 0.5).mean() > 0.01


def test_equal_generators_draw_equal_outliers():
    first, second = (draw_outlier(np.random.default_rng(5), 90) for _ in range(2))
    np.testing.assert_array_equal(first[0], second[0])
    np.testing.assert_array_equal(first[1], second[1])


def test_outliers_differ_in_shape_and_colour():
    rng = np.random.default_rng(0)
    drawn = [draw_outlier(rng, 64) for _ in range(40)]
    fill = [float((alpha > 0.5).mean()) for _, alpha in drawn]
    colors = np.array(
        [image[alpha > 0.9].mean(axis=0) for image, alpha in drawn if (alpha > 0.9).any()]
    )
    assert np.std(fill) > 0.1
    assert colors.std(axis=0).min() > 20


@pytest.mark.parametrize('size_px', [4, 601, 0, -3])
def test_a_size_out_of_range_is_refused(size_px):
    with pytest.raises(ValueError, match=r'5\.\.600 pixels'):
        draw_outlier(np.random.default_rng(0), size_px)


@pytest.mark.parametrize('seed', range(20))
def test_an_outlier_of_given_height_is_no_higher(seed):
    assert random_outlier(np.random.default_rng(seed), height_m=0.5).size_m[2] <= 0.5 + 1e-9
