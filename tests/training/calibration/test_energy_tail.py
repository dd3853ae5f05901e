import numpy as np
import pytest

from hopfield_pebal_ros.evaluation.score_keys import NUM_KEYS, to_keys
from training.calibration.energy_tail import EnergyTail, tail_of

ONE_STEP = 2**-16  # relative distance of two keys


def tail_of_energies(energies: np.ndarray) -> EnergyTail:
    return tail_of(np.bincount(to_keys(energies.astype(np.float32)), minlength=NUM_KEYS))


def test_values_worked_by_hand():
    tail = tail_of_energies(np.arange(1, 101))  # 99 has 1 of 100 above, 95 has 5
    assert tail.total == 100
    assert tail.lowest_threshold(most_above=1) == pytest.approx(99, rel=ONE_STEP)
    assert tail.lowest_threshold(most_above=5) == pytest.approx(95, rel=ONE_STEP)
    assert tail.lowest_threshold(most_above=5.9) == pytest.approx(95, rel=ONE_STEP)
    assert tail.lowest_threshold(most_above=0) == pytest.approx(100, rel=ONE_STEP)
    assert tail.highest_threshold(least_above=5) == pytest.approx(96, rel=ONE_STEP)
    assert tail.highest_threshold(least_above=5.1) == pytest.approx(95, rel=ONE_STEP)
    assert tail.highest_threshold(least_above=5) < 96


@pytest.mark.parametrize('center', [-1e4, -8.0, 0.0, 3.0])
def test_thresholds_cut_the_energies_themselves_as_they_cut_the_keys(center):
    energies = (np.random.default_rng(0).normal(size=3000) + center).astype(np.float32)
    tail = tail_of_energies(energies)
    for count in (1, 30, 2900):
        threshold = tail.lowest_threshold(most_above=count)
        assert np.count_nonzero(energies > threshold) <= count
        assert np.count_nonzero(energies > threshold * (1 - np.sign(threshold) * 4e-5)) > count
        threshold = tail.highest_threshold(least_above=count)
        assert np.count_nonzero(energies > threshold) >= count
        assert np.count_nonzero(energies > threshold * (1 + np.sign(threshold) * 4e-5)) < count


@pytest.mark.parametrize('least_above', [7, 6.5])
def test_everything_can_be_above(least_above):
    threshold = tail_of_energies(np.full(7, -2.0)).highest_threshold(least_above=least_above)
    assert -2.0 * (1 + 3 * ONE_STEP) < threshold < -2.0


def test_nothing_to_cut_is_refused():
    with pytest.raises(ValueError, match='no pixel to place a threshold by'):
        tail_of(np.zeros(NUM_KEYS, np.int64))
