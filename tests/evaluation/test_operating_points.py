import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hopfield_pebal_ros.evaluation import operating_points
from hopfield_pebal_ros.evaluation.operating_points import from_class_counts


def points_of(outlier, inlier):
    """Operating points at the energies 0, 1, 2, ... with so many pixels each."""
    energies = np.arange(len(outlier), dtype=np.float32)
    return from_class_counts(energies, np.array(outlier), np.array(inlier))


# energies 3 2 1 0: outlier, inlier, outlier, inlier
ALTERNATING = points_of(outlier=[0, 1, 0, 1], inlier=[1, 0, 1, 0])


def test_points_run_from_the_highest_threshold_down():
    assert ALTERNATING.thresholds.tolist() == [3, 2, 1, 0]
    assert ALTERNATING.true_positives.tolist() == [1, 1, 2, 2]
    assert ALTERNATING.false_positives.tolist() == [0, 1, 1, 2]


def test_average_precision_is_the_step_sum():
    # recall rises by 1/2 at precision 1/1 and by 1/2 at precision 2/3
    assert operating_points.average_precision(ALTERNATING) == pytest.approx(5 / 6)


def test_auroc_counts_ordered_pairs():
    # outlier 3 beats both inliers, outlier 1 beats one of two: 3 of 4 pairs
    assert operating_points.area_under_roc(ALTERNATING) == pytest.approx(3 / 4)


def test_ties_count_half_in_auroc_and_are_one_step_of_ap():
    tied = points_of(outlier=[2], inlier=[6])
    assert operating_points.area_under_roc(tied) == pytest.approx(0.5)
    assert operating_points.average_precision(tied) == pytest.approx(2 / 8)


def test_fpr_is_taken_at_the_first_tpr_that_reaches_the_goal():
    # 19 of 20 outliers are above the first inlier, the last one below the second of four
    points = points_of(outlier=[0, 1, 0, 19], inlier=[2, 0, 2, 0])
    assert operating_points.false_positive_rate_at(points, 0.95) == 0.0
    assert operating_points.false_positive_rate_at(points, 0.96) == pytest.approx(2 / 4)


def test_best_f1_and_its_threshold():
    # F1 at 3: 2/(1+2); at 2: 2/(2+2); at 1: 4/(3+2); at 0: 4/(4+2)
    assert operating_points.best_f1(ALTERNATING) == (pytest.approx(4 / 5), 1.0)


def test_largest_tie_is_the_share_of_outliers_at_one_energy():
    assert operating_points.largest_tie(points_of([1, 3, 1], [5, 0, 9])) == pytest.approx(3 / 5)


@pytest.mark.parametrize(
    ('outlier', 'inlier', 'missing'), [([0, 0], [1, 2], 'outlier'), ([3], [0], 'inlier')]
)
def test_one_class_absent_is_refused_by_name(outlier, inlier, missing):
    with pytest.raises(ValueError, match=f'no {missing} pixel among the 3 counted'):
        points_of(outlier, inlier).require_both_classes()


counts = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=2, max_size=20)


@given(counts)
def test_swapping_the_classes_and_the_order_keeps_auroc(pairs):
    outlier, inlier = zip(*pairs, strict=True)
    points, mirrored = points_of(outlier, inlier), points_of(inlier[::-1], outlier[::-1])
    if points.num_outlier and points.num_inlier:
        assert operating_points.area_under_roc(mirrored) == pytest.approx(
            operating_points.area_under_roc(points)
        )


@given(counts)
def test_ap_lies_between_the_worst_and_the_best_order(pairs):
    outlier, inlier = zip(*pairs, strict=True)
    points = points_of(outlier, inlier)
    if points.num_outlier and points.num_inlier:
        worst = points_of(
            [1] * points.num_outlier + [0], [0] * points.num_outlier + [points.num_inlier]
        )
        best = points_of([0, points.num_outlier], [points.num_inlier, 0])
        ap = operating_points.average_precision(points)
        assert operating_points.average_precision(worst) - 1e-12 <= ap
        assert ap <= operating_points.average_precision(best) == pytest.approx(1.0)
