import numpy as np
import pytest

from hopfield_pebal_ros.contract.labels import IGNORE_ID, OUTLIER_ID, InlierClass, LabelSet
from training.data.benchmarks.benchmark import INLIER_ID
from training.evaluation.class_counts import (
    count_classes,
    iou_per_class,
    map_classes,
    open_figures,
)


def labels_of(*names):
    return LabelSet(tuple(InlierClass(name, (0, 0, 0)) for name in names))


NETWORK = labels_of('road', 'truck', 'car', 'moose')
TRUTH = labels_of('car', 'road')
MAPPING = map_classes(NETWORK, TRUTH, {'truck': 'car'})


def counted(predicted, rejected, truth):
    return count_classes(
        np.array([predicted], np.uint8),
        np.array([rejected], np.bool_),
        np.array([truth], np.uint8),
        MAPPING,
    )


def test_classes_match_by_name_or_by_what_they_count_as():
    predicted = np.array([[0, 1, 2, 3]], np.uint8)
    assert MAPPING.set_ids(predicted).tolist() == [[1, 0, 0, 2]]
    assert MAPPING.without_counterpart == ('moose',)


def test_a_class_that_the_network_was_not_taught_is_refused():
    with pytest.raises(ValueError, match='was not taught: animal'):
        map_classes(NETWORK, labels_of('road', 'animal'), {})


def test_void_and_inliers_without_class_do_not_count():
    counts = counted([0, 0, 0], [False] * 3, [1, IGNORE_ID, INLIER_ID])
    assert counts.sum() == 1


def test_a_prediction_without_counterpart_is_a_miss():
    # road: 2 right, 1 taken for a moose: 2/3; car: 1 right: 1
    counts = counted([0, 0, 3, 2], [False] * 4, [1, 1, 1, 0])
    np.testing.assert_allclose(iou_per_class(counts), [1, 2 / 3])


def test_open_iou_charges_missed_outliers_and_rejected_inliers():
    # road: 2 right, 1 rejected, 1 outlier accepted as road, 1 taken for a moose: 2 / 5
    # car: 1 right; its outlier was rejected: 1
    predicted = [0, 0, 0, 0, 3, 2, 2]
    rejected = [False, False, True, False, False, False, True]
    truth = [1, 1, 1, OUTLIER_ID, 1, 0, OUTLIER_ID]
    assert open_figures(counted(predicted, rejected, truth)).open_miou == pytest.approx(0.7)


def test_without_rejection_and_outliers_open_miou_is_miou():
    counts = counted([0, 1, 2, 0, 3], [False] * 5, [1, 0, 1, 0, 1])
    assert open_figures(counts).open_miou == pytest.approx(np.mean(iou_per_class(counts)))
