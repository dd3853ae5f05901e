import numpy as np
import pytest

from hopfield_pebal_ros.evaluation.calibration_error import CalibrationCounter


def counter_of(confidence, correct, valid=None, num_bins=2):
    counter = CalibrationCounter(num_bins)
    counter.add(np.array(confidence, np.float32), np.array(correct, np.bool_), valid)
    return counter


def test_ece_by_hand():
    # bin (0, 0.5]: confidence 0.5, 1 of 2 right, gap 0; bin (0.5, 1]: 0.75 and 1.0, 1 of 2 right
    counter = counter_of([0.5, 0.5, 0.75, 1.0], [1, 0, 1, 0])
    assert counter.ece() == pytest.approx((2 * 0 + 2 * (0.875 - 0.5)) / 4)
    reliability = counter.reliability()
    np.testing.assert_allclose(reliability.confidence, [0.5, 0.875])
    np.testing.assert_allclose(reliability.accuracy, [0.5, 0.5])
    assert reliability.num_pixels.tolist() == [2, 2]


def test_an_empty_bin_is_nan_and_costs_nothing():
    counter = counter_of([1.0, 1.0], [1, 1])
    assert np.isnan(counter.reliability().accuracy[0])
    assert counter.ece() == 0.0


def test_zero_confidence_belongs_to_the_first_bin():
    assert counter_of([0.0], [0]).reliability().num_pixels.tolist() == [1, 0]


def test_void_is_dropped():
    counter = counter_of([0.9, np.nan], [1, 0], np.array([True, False]))
    assert counter.ece() == pytest.approx(0.1, abs=1e-6)


def test_merging_and_arrays_keep_the_counts():
    first, second = counter_of([0.3], [1]), counter_of([0.8], [0])
    first.merge(CalibrationCounter.from_arrays(second.to_arrays()))
    np.testing.assert_array_equal(first.counts, counter_of([0.3, 0.8], [1, 0]).counts)


@pytest.mark.parametrize('value', [1.5, -0.1, np.nan])
def test_what_is_no_probability_is_refused(value):
    with pytest.raises(ValueError, match=r'confidence must be 0\.\.1, got'):
        counter_of([value], [1])


def test_other_errors_are_refused():
    with pytest.raises(ValueError, match='the masks must have that shape'):
        counter_of([0.5, 0.5], [1])
    with pytest.raises(ValueError, match='cannot merge 3 bins into 2'):
        counter_of([], []).merge(CalibrationCounter(3))
    with pytest.raises(ValueError, match='no pixel was counted'):
        counter_of([], []).ece()
    with pytest.raises(ValueError, match='num_bins must be at least 1'):
        CalibrationCounter(0)
