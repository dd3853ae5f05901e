import numpy as np
import pytest

from hopfield_pebal_ros.evaluation.image_log import ImageLog, mean_of_images, thinned
from hopfield_pebal_ros.evaluation.operating_points import average_precision
from hopfield_pebal_ros.evaluation.pixel_metrics import PixelCounter, SparseCounts


def energies(*values):
    return np.array(values, np.float32)


def log_of_three():
    log = ImageLog()
    log.add('good', energies(2, 1), np.array([True, False]), group='town')
    log.add('bad', energies(2, 1), np.array([False, True]), group='town')
    log.add('empty', energies(2, 1), np.array([False, False]))
    return log


def gaussian(num_pixels, seed=0):
    rng = np.random.default_rng(seed)
    outlier = rng.random(num_pixels) < 0.02
    return (rng.standard_normal(num_pixels) + 2 * outlier).astype(np.float32), outlier


def test_each_image_keeps_its_own_figures():
    good, bad, empty = log_of_three()
    assert (good.ap, good.auroc, good.fpr95) == (1.0, 1.0, 0.0)
    assert (bad.ap, bad.auroc, bad.fpr95) == (0.5, 0.0, 1.0)
    assert np.isnan(empty.ap)


def test_means_leave_images_without_outliers_out():
    assert mean_of_images(log_of_three()) == {
        'mean_image_ap': 0.75,
        'mean_image_auroc': 0.5,
        'mean_image_fpr95': 0.5,
        'mean_image_count': 2.0,
    }


def test_means_of_no_usable_image_are_refused():
    log = ImageLog()
    log.add('empty', energies(1), np.array([False]))
    with pytest.raises(ValueError, match='none of 1 images has outlier and inlier'):
        mean_of_images(log)


def test_what_add_returns_makes_the_pooled_counter():
    energy, outlier = gaussian(5000)
    pooled, direct, log = PixelCounter(), PixelCounter(), ImageLog()
    for part in (slice(0, 2000), slice(2000, 5000)):
        pooled.add_sparse(log.add('image', energy[part], outlier[part]))
    direct.add(energy, outlier)
    assert pooled.figures() == direct.figures()


def test_thinning_keeps_every_pixel_and_nearly_the_ap():
    energy, outlier = gaussian(300_000)
    counter = PixelCounter()
    counter.add(energy, outlier)
    full = counter.occupied()
    small = thinned(full)
    assert len(small.keys) <= 2 * 512
    assert small.inlier.sum() == full.inlier.sum()
    assert small.outlier.sum() == full.outlier.sum()
    assert average_precision(small.operating_points()) == pytest.approx(
        average_precision(full.operating_points()), abs=1.5e-3
    )


def test_thinning_by_hand():
    # two levels a class. Outliers: TPR 1, 1, 1/2, 1/2, so a level begins at key 3.
    # inliers: FPR 1, 3/4, 1/2, 1/4 with roots 1, 0.87, 0.71, 0.5: a level begins at key 4
    counts = SparseCounts(
        np.array([1, 2, 3, 4], np.uint32), np.array([1, 1, 1, 1]), np.array([0, 1, 0, 1])
    )
    small = thinned(counts, 2)
    assert small.keys.tolist() == [1, 3, 4]
    assert small.inlier.tolist() == [2, 1, 1]
    assert small.outlier.tolist() == [1, 0, 1]


def test_a_log_comes_back_from_its_arrays_and_merges():
    log, again = log_of_three(), ImageLog()
    again.merge(ImageLog.from_arrays(log.to_arrays()))
    assert len(again) == 3
    for found, expected in zip(again, log, strict=True):
        assert (found.name, found.group) == (expected.name, expected.group)
        np.testing.assert_equal(found.ap, expected.ap)
        np.testing.assert_array_equal(found.counts.keys, expected.counts.keys)
        np.testing.assert_array_equal(found.counts.outlier, expected.counts.outlier)


def test_an_empty_log_comes_back_empty():
    assert len(ImageLog.from_arrays(ImageLog().to_arrays())) == 0
