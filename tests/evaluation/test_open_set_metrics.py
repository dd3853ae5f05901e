import numpy as np
import pytest

from hopfield_pebal_ros.contract.labels import IGNORE_ID, OUTLIER_ID
from hopfield_pebal_ros.evaluation.open_set_metrics import OpenSetCounter

# ten pixels of two classes      0  0  0  0  1  1  1  outlier ----------  void
TRUTH = np.array([0, 0, 0, 0, 1, 1, 1, OUTLIER_ID, OUTLIER_ID, IGNORE_ID], np.uint8)
PREDICTED = np.array([0, 0, 0, 1, 1, 1, 0, 0, 1, 1], np.uint8)
REJECTED = np.array([0, 0, 1, 0, 0, 0, 1, 0, 1, 1], np.bool_)


def counter_of(predicted=PREDICTED, rejected=REJECTED, truth=TRUTH, num_classes=2):
    counter = OpenSetCounter(num_classes)
    counter.add(predicted, rejected, truth)
    return counter


def test_figures_by_hand():
    figures = counter_of().figures()
    # class 0: hits 2; missed 2 (one rejected, one called 1); wrong 1 (an outlier)
    # class 1: hits 2; missed 1 (rejected); wrong 1 (a pixel of class 0)
    assert figures.open_miou == pytest.approx((2 / 5 + 2 / 4) / 2)
    # rejected: 1 of 2 outliers, and 2 inliers
    assert figures.anomaly_iou == pytest.approx(1 / 4)
    # nothing rejected: class 0 hits 3, missed 1, wrong 1; class 1 hits 2, missed 1, wrong 1
    assert figures.closed_miou == pytest.approx((3 / 5 + 2 / 4) / 2)
    # accepted inliers: class 0 hits 2, missed 1; class 1 hits 2, wrong 1
    assert figures.miou_of_accepted == pytest.approx((2 / 3 + 2 / 3) / 2)
    assert figures.rejected_inlier_share == pytest.approx(2 / 7)


def test_rejecting_nothing_without_outliers_is_the_closed_miou():
    figures = counter_of(rejected=np.zeros(10, np.bool_), truth=np.minimum(TRUTH, 1)).figures()
    assert figures.open_miou == figures.closed_miou == figures.miou_of_accepted
    assert np.isnan(figures.anomaly_iou)


def test_perfect_rejection_is_perfect():
    truth = np.array([0, 1, OUTLIER_ID], np.uint8)
    figures = counter_of(np.array([0, 1, 1], np.uint8), truth == OUTLIER_ID, truth).figures()
    assert (figures.open_miou, figures.anomaly_iou, figures.rejected_inlier_share) == (1, 1, 0)


def test_merging_and_arrays_keep_the_counts():
    halves = [counter_of(PREDICTED[i], REJECTED[i], TRUTH[i]) for i in (slice(0, 5), slice(5, 10))]
    halves[0].merge(OpenSetCounter.from_arrays(halves[1].to_arrays()))
    np.testing.assert_array_equal(halves[0].counts, counter_of().counts)


def test_rejecting_everything_is_refused():
    with pytest.raises(ValueError, match=r'all 7 inlier pixels were rejected.*wrong sign'):
        counter_of(rejected=np.ones(10, np.bool_)).figures()


def test_no_inlier_is_refused():
    with pytest.raises(ValueError, match='no pixel has a class'):
        counter_of(truth=np.full(10, OUTLIER_ID, np.uint8)).figures()


def test_wrong_arrays_are_refused():
    with pytest.raises(TypeError, match='rejected must be bool, got float32'):
        counter_of(rejected=REJECTED.astype(np.float32))
    with pytest.raises(ValueError, match='must have one shape'):
        counter_of(rejected=REJECTED[:3])
    with pytest.raises(ValueError, match=r'predicted ids 0\.\.1 are outside the 1 classes'):
        counter_of(num_classes=1)
    with pytest.raises(ValueError, match='cannot merge 3 classes into 2'):
        counter_of().merge(OpenSetCounter(3))
