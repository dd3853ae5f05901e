import numpy as np
import pytest

from hopfield_pebal_ros.evaluation.exact_metrics import ExactPixels, exact_points


def test_one_point_per_distinct_energy():
    energy = np.array([2, 1, 2, np.inf, 1], np.float32)
    outlier = np.array([True, False, False, True, False])
    points = exact_points(energy, outlier)
    assert points.thresholds.tolist() == [np.inf, 2, 1]
    assert points.true_positives.tolist() == [1, 2, 2]
    assert points.false_positives.tolist() == [0, 1, 3]


def test_energies_one_float_apart_are_told_apart():
    energy = np.array([1, np.nextafter(np.float32(1), np.float32(2))], np.float32)
    assert exact_points(energy, np.array([False, True])).thresholds.tolist() == [
        energy[1],
        energy[0],
    ]


def test_figures_pool_the_images():
    exact = ExactPixels()
    exact.add(np.array([3, 0], np.float32), np.array([True, False]))
    exact.add(np.array([2, 1], np.float32), np.array([False, True]))
    assert exact.figures().ap == pytest.approx(5 / 6)  # as in test_pixel_metrics, by hand


def test_the_cap_refuses_before_anything_is_kept():
    exact = ExactPixels(max_pixels=3)
    exact.add(np.array([3, 0], np.float32), np.array([True, False]))
    with pytest.raises(MemoryError, match='exact metrics of 4 pixels wanted, the cap is 3'):
        exact.add(np.array([2, 1], np.float32), np.array([False, True]))
    assert exact.figures().ap == 1.0


def test_void_does_not_count_towards_the_cap():
    exact = ExactPixels(max_pixels=2)
    valid = np.array([True, False, True])
    exact.add(np.array([3, 2, 1], np.float32), np.array([True, True, False]), valid)
    assert exact.figures().num_outlier == 1


def test_agrees_with_scikit_learn():
    sklearn_metrics = pytest.importorskip('sklearn.metrics')
    rng = np.random.default_rng(0)
    outlier = rng.random(3000) < 0.1
    energy = np.round(rng.standard_normal(3000) + outlier, 1).astype(np.float32)  # with ties
    exact = ExactPixels()
    exact.add(energy, outlier)
    figures = exact.figures()
    fpr, tpr, _ = sklearn_metrics.roc_curve(outlier, energy, drop_intermediate=False)
    ap = sklearn_metrics.average_precision_score(outlier, energy)
    assert figures.ap == pytest.approx(ap, abs=1e-12)
    assert figures.auroc == pytest.approx(sklearn_metrics.auc(fpr, tpr), abs=1e-12)
    assert figures.fpr95 == pytest.approx(fpr[np.argmax(tpr >= 0.95)], abs=1e-12)
