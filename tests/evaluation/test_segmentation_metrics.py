import numpy as np
import pytest

from hopfield_pebal_ros.contract.labels import IGNORE_ID, OUTLIER_ID
from hopfield_pebal_ros.evaluation.segmentation_metrics import ConfusionMatrix


def matrix_of(predicted, truth, num_classes=3):
    matrix = ConfusionMatrix(num_classes)
    matrix.add(np.array(predicted, np.uint8), np.array(truth, np.uint8))
    return matrix


def test_iou_by_hand():
    # class 0: hits 2, missed 1, wrong 1; class 1: hits 1, missed 1, wrong 1; class 2 never occurs
    matrix = matrix_of([[0, 0, 1], [1, 0, 0]], [[0, 0, 0], [1, 1, IGNORE_ID]])
    np.testing.assert_allclose(matrix.iou_per_class(), [2 / 4, 1 / 3, np.nan])
    assert matrix.miou() == pytest.approx((2 / 4 + 1 / 3) / 2)


def test_a_class_that_is_only_predicted_counts_as_zero():
    np.testing.assert_allclose(matrix_of([0, 2], [0, 0]).iou_per_class(), [1 / 2, np.nan, 0])


def test_outlier_and_ignore_pixels_change_nothing():
    plain = matrix_of([0, 1], [0, 1])
    with_void = matrix_of([0, 1, 0, 1], [0, 1, OUTLIER_ID, IGNORE_ID])
    np.testing.assert_array_equal(with_void.counts, plain.counts)


def test_predictions_on_void_need_not_be_classes():
    assert matrix_of([0, IGNORE_ID], [0, IGNORE_ID]).miou() == 1.0


def test_merging_and_arrays_keep_the_counts():
    first, second = matrix_of([0, 1], [0, 0]), matrix_of([2], [1])
    first.merge(ConfusionMatrix.from_arrays(second.to_arrays()))
    np.testing.assert_array_equal(first.counts, matrix_of([0, 1, 2], [0, 0, 1]).counts)


def test_a_prediction_outside_the_classes_is_refused():
    with pytest.raises(ValueError, match=r'predicted ids 1\.\.3 are outside the 3 classes'):
        matrix_of([1, 3], [0, 0])


def test_other_sizes_and_types_are_refused():
    matrix = ConfusionMatrix(3)
    ids = np.zeros((2, 2), np.uint8)
    with pytest.raises(ValueError, match=r'predicted is \(2,\), truth is \(2, 2\)'):
        matrix.add(ids[0], ids)
    with pytest.raises(TypeError, match='predicted must hold integer ids, got float32'):
        matrix.add(ids.astype(np.float32), ids)
    with pytest.raises(ValueError, match='2 classes into one of 3'):
        matrix.merge(ConfusionMatrix(2))


@pytest.mark.parametrize('num_classes', [0, OUTLIER_ID + 1])
def test_impossible_numbers_of_classes_are_refused(num_classes):
    with pytest.raises(ValueError, match=f'got {num_classes}'):
        ConfusionMatrix(num_classes)


def test_miou_of_nothing_is_refused():
    with pytest.raises(ValueError, match='no pixel has a class'):
        matrix_of([0], [IGNORE_ID]).miou()
