import numpy as np
import pytest

from hopfield_pebal_ros.evaluation.object_sizes import ObjectSizeCounter
from hopfield_pebal_ros.evaluation.pixel_metrics import PixelCounter


def scene():
    """A small object of 4 px below all inliers, a medium one of 40x40 above them."""
    energy = np.zeros((100, 120), np.float32)
    outlier = np.zeros((100, 120), np.bool_)
    outlier[0:2, 0:2] = True
    energy[0:2, 0:2] = -1.0
    outlier[50:90, 50:90] = True
    energy[50:90, 50:90] = 1.0
    return energy, outlier


def both(energy, outlier, valid=None):
    sizes, pooled = ObjectSizeCounter(), PixelCounter()
    sizes.add(energy, outlier, valid)
    pooled.add(energy, outlier, valid)
    return sizes, pooled


def test_each_size_has_its_own_ap():
    sizes, pooled = both(*scene())
    num_inlier = 100 * 120 - 4 - 1600
    aps = sizes.ap_by_size(pooled)
    assert aps == {'ap_small': pytest.approx(4 / (4 + num_inlier)), 'ap_medium': 1.0}


def test_the_bound_is_the_area():
    for side, name in ((31, 'small'), (32, 'medium'), (95, 'medium'), (96, 'large')):
        outlier = np.zeros((100, 100), np.bool_)
        outlier[:side, :side] = True
        sizes, pooled = both(outlier.astype(np.float32), outlier)
        assert sizes.ap_by_size(pooled) == {f'ap_{name}': 1.0}


def test_void_cuts_an_object_down():
    energy, outlier = scene()
    valid = np.ones_like(outlier)
    valid[52:, 50:90] = False  # 2x40 px remain of the medium object
    sizes, pooled = both(energy, outlier, valid)
    assert set(sizes.ap_by_size(pooled)) == {'ap_small'}


def test_merging_and_arrays_keep_the_figures():
    sizes, pooled = both(*scene())
    again = ObjectSizeCounter()
    again.merge(ObjectSizeCounter.from_arrays(sizes.to_arrays()))
    assert again.ap_by_size(pooled) == sizes.ap_by_size(pooled)


def test_flat_arrays_are_refused():
    with pytest.raises(ValueError, match=r'object sizes need \(H, W\) arrays, got \(4,\)'):
        ObjectSizeCounter().add(np.zeros(4, np.float32), np.zeros(4, np.bool_))
