import numpy as np
import pytest

from hopfield_pebal_ros.evaluation.energy_reliability import energy_reliability
from hopfield_pebal_ros.evaluation.pixel_metrics import PixelCounter


def counts_of(energy, outlier):
    counter = PixelCounter()
    counter.add(np.array(energy, np.float32), np.array(outlier, np.bool_))
    return counter.occupied()


def test_levels_by_hand():
    # four outliers, two levels: the second begins behind the second outlier, at energy 4
    energy = [0, 1, 1, 2, 4, 4, 5]
    outlier = [0, 1, 0, 1, 1, 0, 1]
    reliability = energy_reliability(counts_of(energy, outlier), num_levels=2)
    assert reliability.lowest_energy.tolist() == [0, 4]
    np.testing.assert_allclose(reliability.outlier_share, [2 / 4, 2 / 3])
    assert reliability.num_pixels.tolist() == [4, 3]


def test_a_useful_energy_has_rising_shares_and_loses_no_pixel():
    rng = np.random.default_rng(0)
    outlier = rng.random(50_000) < 0.1
    counts = counts_of(rng.standard_normal(50_000) + 2 * outlier, outlier)
    reliability = energy_reliability(counts)
    assert reliability.num_pixels.sum() == 50_000
    assert len(reliability.outlier_share) == 20
    assert np.diff(reliability.outlier_share).min() > -0.05
    assert reliability.outlier_share[-1] > 0.9 > 0.1 > reliability.outlier_share[0]


def test_no_outlier_is_refused():
    with pytest.raises(ValueError, match='no outlier pixel was counted'):
        energy_reliability(counts_of([1, 2], [0, 0]))
