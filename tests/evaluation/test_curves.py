import numpy as np
import pytest

from hopfield_pebal_ros.evaluation.curves import NUM_BINS, thin_curves
from hopfield_pebal_ros.evaluation.exact_metrics import exact_points


def gaussian_points(num_pixels=200_000):
    rng = np.random.default_rng(0)
    outlier = rng.random(num_pixels) < 0.02
    energy = (rng.standard_normal(num_pixels) + 2 * outlier).astype(np.float32)
    return exact_points(energy, outlier)


def test_thin_curves_lie_on_the_exact_ones():
    points = gaussian_points()
    curves = thin_curves(points)
    at = np.searchsorted(-points.thresholds, -curves.thresholds)
    np.testing.assert_array_equal(curves.tpr, points.true_positive_rate()[at])
    np.testing.assert_array_equal(curves.fpr, points.false_positive_rate()[at])
    np.testing.assert_array_equal(curves.precision, points.precision()[at])
    assert len(curves.tpr) < 1300 < len(points.thresholds)
    assert np.diff(curves.tpr).max() < 0.01


def test_thin_roc_has_the_area_of_the_exact_one():
    points = gaussian_points()
    curves = thin_curves(points)
    area = np.sum(np.diff(curves.fpr) * (curves.tpr[1:] + curves.tpr[:-1]) / 2)
    exact = np.sum(np.diff(points.false_positive_rate()) * points.true_positive_rate()[1:])
    assert area == pytest.approx(exact, abs=1e-3)


def test_histogram_holds_every_pixel_though_one_is_far_away():
    energy = np.array([0.0, 0.1, 0.2, 0.3, 1e30, -np.inf], np.float32)
    outlier = np.array([True, False, True, False, False, False])
    curves = thin_curves(exact_points(energy, outlier))
    assert curves.inlier_counts.sum() == 4
    assert curves.outlier_counts.sum() == 2
    assert len(curves.bin_edges) == NUM_BINS + 1


def test_histogram_by_hand():
    energy = np.array([0, 1, 2, 3, 4], np.float32)
    outlier = np.array([False, False, True, True, True])
    curves = thin_curves(exact_points(energy, outlier), num_bins=2)
    np.testing.assert_allclose(curves.bin_edges, [0, 2, 4])
    assert curves.inlier_counts.tolist() == [2, 0]
    assert curves.outlier_counts.tolist() == [0, 3]


@pytest.mark.parametrize('value', [np.inf, -np.inf, 5.0])
def test_one_single_energy_still_makes_curves(value):
    energy = np.full(4, value, np.float32)
    curves = thin_curves(exact_points(energy, np.array([True, False, False, True])))
    assert (np.diff(curves.bin_edges) > 0).all()
    assert curves.inlier_counts.sum() == curves.outlier_counts.sum() == 2
