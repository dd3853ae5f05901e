import numpy as np
import pytest

from hopfield_pebal_ros.evaluation.compatible_metrics import open_compatible_metric
from hopfield_pebal_ros.evaluation.smiyc_curve import SmiycCurve


def curve_of(*images):
    curve = SmiycCurve()
    for energy, outlier in images:
        curve.add(np.array(energy, np.float32), np.array(outlier, np.bool_))
    return curve.operating_points()


def test_few_pixels_are_their_own_percentiles():
    # quantiles of {4, 2} are 2 and 4, of {3, 1} are 1 and 3: one bin per energy
    points = curve_of(([4, 3, 2, 1], [1, 0, 1, 0]))
    assert points.thresholds.tolist()[:4] == [4, 3, 2, 1]
    assert points.true_positives.tolist()[:4] == [1, 1, 2, 2]
    assert points.false_positives.tolist()[:4] == [0, 1, 1, 2]


def test_energies_are_rounded_to_float16_first():
    # near 20 float16 has steps of 1/64: two pixels become equal and fall into one bin
    points = curve_of(([20.001, 20.004, 30], [1, 0, 0]))
    assert points.thresholds.tolist()[:2] == [30, 20]
    assert points.true_positives.tolist()[:2] == [0, 1]
    assert points.false_positives.tolist()[:2] == [1, 2]


def test_an_image_of_one_large_energy_has_no_bins_and_counts_at_the_end():
    # 2048 +- 0.01 is 2048 in float16: their histogram is empty, the totals are not
    points = curve_of(([2048, 2048], [1, 0]), ([4, 3], [1, 0]))
    assert points.true_positives.tolist()[-1] == 2
    assert points.false_positives.tolist()[-1] == 2
    assert points.thresholds[-1] == -np.inf


def test_each_image_has_its_own_bins():
    # image 1 has edges at 1 and 2, image 2 at 1.5 and 9; by threshold: 9, 2, 1.5, 1
    points = curve_of(([2, 1], [1, 0]), ([9, 1.5], [0, 1]))
    at = [points.thresholds.tolist().index(edge) for edge in (9, 2, 1.5, 1)]
    assert points.true_positives[at].tolist() == [0, 1, 2, 2]
    assert points.false_positives[at].tolist() == [1, 1, 1, 2]


def test_a_first_threshold_that_two_images_share_stays_two_points():
    # both images reach 4; their tool keeps the first of the two equal points
    points = curve_of(([4, 1], [1, 0]), ([4, 1], [0, 1]))
    assert points.thresholds.tolist()[:2] == [4, 4]
    assert points.true_positives.tolist()[1] == points.false_positives.tolist()[1] == 1


def test_ap_by_hand():
    metric = open_compatible_metric('smiyc')
    metric.add(np.array([4, 3, 2, 1], np.float32), np.array([True, False, True, False]))
    figures = metric.figures()
    assert figures.ap == pytest.approx(5 / 6)
    assert figures.auroc == pytest.approx(3 / 4)
    assert figures.fpr95 == pytest.approx(1 / 2)


def test_many_pixels_are_thinned_to_percentiles_with_a_small_error():
    rng = np.random.default_rng(0)
    outlier = rng.random(50_000) < 0.05
    energy = rng.standard_normal(50_000) + 2 * outlier
    points = curve_of((energy, outlier))
    assert len(points.thresholds) <= 768
    assert points.num_outlier == outlier.sum()
    assert points.num_inlier == (~outlier).sum()


def test_energies_beyond_float16_are_refused():
    with pytest.raises(ValueError, match='do not fit into float16'):
        curve_of(([1e6, 0], [1, 0]))


def test_an_image_that_is_all_void_adds_nothing():
    curve = SmiycCurve()
    curve.add(np.array([2, 1], np.float32), np.array([True, False]), np.array([False, False]))
    with pytest.raises(ValueError, match='no outlier pixel'):
        curve.operating_points()
