import numpy as np
import pytest

from hopfield_pebal_ros.contract.labels import IGNORE_ID, OUTLIER_ID
from hopfield_pebal_ros.evaluation.ground_truth import checked_pixels, outlier_and_valid

ENERGY = np.zeros((2, 3), np.float32)
MASK = np.zeros((2, 3), np.bool_)


def test_labels_split_into_outliers_and_pixels_that_count():
    outlier, valid = outlier_and_valid(np.array([[0, 18, OUTLIER_ID, IGNORE_ID]], np.uint8))
    assert outlier.tolist() == [[False, False, True, False]]
    assert valid.tolist() == [[True, True, True, False]]


def test_stored_integer_maps_are_refused():
    with pytest.raises(TypeError, match='energy must be float, got uint8'):
        checked_pixels(ENERGY.astype(np.uint8), MASK, None)


@pytest.mark.parametrize('name', ['outlier', 'valid'])
def test_label_ids_in_place_of_a_mask_are_refused(name):
    masks = {'outlier': MASK, 'valid': MASK} | {name: MASK.astype(np.uint8)}
    with pytest.raises(TypeError, match=f'{name} must be bool, got uint8.*outlier_and_valid'):
        checked_pixels(ENERGY, **masks)


def test_another_size_is_refused():
    with pytest.raises(ValueError, match=r'outlier is \(3, 2\), energy is \(2, 3\): resize'):
        checked_pixels(ENERGY, MASK.T, None)


def test_nan_is_refused_where_it_counts_and_ignored_where_it_does_not():
    energy = ENERGY.copy()
    energy[0, 0] = np.nan
    with pytest.raises(ValueError, match='1 of 6 valid pixels have NaN energy'):
        checked_pixels(energy, MASK, None)
    flat, _, valid = checked_pixels(energy, MASK, ~np.isnan(energy))
    assert np.isnan(flat[0])
    assert not valid[0]


def test_the_callers_masks_are_not_changed():
    valid = np.array([True, False])
    checked_pixels(np.array([0, np.nan], np.float32), np.array([True, True]), valid)
    assert valid.tolist() == [True, False]
