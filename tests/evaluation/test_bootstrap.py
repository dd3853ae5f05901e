import numpy as np
import pytest

from hopfield_pebal_ros.evaluation.bootstrap import bootstrap_intervals, sums_by_group


def share(sums):
    return {'share': sums[0] / sums[1]} if sums[1] else None


def test_images_of_one_scene_are_added_and_unknown_ones_stand_alone():
    counts = np.array([[1, 10], [2, 20], [3, 30], [4, 40]])
    sums = sums_by_group(counts, ['a', '', 'a', ''])
    assert sorted(sums.tolist()) == [[2, 20], [4, 40], [4, 40]]


def test_equal_images_have_no_uncertainty():
    intervals = bootstrap_intervals(np.tile([[1, 4]], (10, 1)), share)
    assert (intervals['share'].low, intervals['share'].high) == (0.25, 0.25)
    assert intervals['share'].num_units == 10


def test_a_coin_has_the_interval_of_the_binomial():
    # 100 images, half of them right: the share has a standard deviation of 0.05, so 95 % of the
    # resamples lie within 1.96 * 0.05 of 0.5
    units = np.stack([np.arange(100) % 2, np.ones(100, np.int64)], axis=1)
    interval = bootstrap_intervals(units, share)['share']
    assert interval.low == pytest.approx(0.5 - 0.098, abs=0.015)
    assert interval.high == pytest.approx(0.5 + 0.098, abs=0.015)


def test_scenes_make_the_interval_wider_than_images():
    counts = np.stack([np.repeat([0, 1], 50), np.ones(100, np.int64)], axis=1)
    scenes = [f'scene {index // 10}' for index in range(100)]
    by_image = bootstrap_intervals(counts, share)['share']
    by_scene = bootstrap_intervals(sums_by_group(counts, scenes), share)['share']
    assert by_scene.high - by_scene.low > 2 * (by_image.high - by_image.low)


def test_the_seed_decides():
    units = np.stack([np.arange(30) % 3, np.ones(30, np.int64)], axis=1)
    assert bootstrap_intervals(units, share, seed=1) == bootstrap_intervals(units, share, seed=1)
    assert bootstrap_intervals(units, share, seed=1) != bootstrap_intervals(units, share, seed=2)


def test_one_image_is_refused():
    with pytest.raises(ValueError, match='1 image or scene cannot be resampled'):
        bootstrap_intervals(np.array([[1, 2]]), share)


def test_figures_that_are_mostly_undefined_are_refused():
    units = np.zeros((8, 2), np.int64)
    units[0] = 1  # drawn in 1 - (7/8)^8 = 66 % of the resamples, so defined in those
    bootstrap_intervals(units, share)
    with pytest.raises(ValueError, match='undefined in 1000 of 1000 resamples'):
        bootstrap_intervals(units, lambda _: None)
