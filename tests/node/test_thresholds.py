"""Which threshold holds, by hand."""

import math

import pytest

from hopfield_pebal_ros.contract.metadata import Calibration
from hopfield_pebal_ros.node.thresholds import threshold_at_rate, threshold_for

CALIBRATION = Calibration(
    threshold=6.0,
    false_positive_rate=0.01,
    thresholds_by_false_positive_rate={'0.1': 4.0, '0.001': 9.0},
)


@pytest.mark.parametrize(
    ('energy', 'rate', 'expected'),
    [(math.nan, math.nan, 6.0), (2.5, math.nan, 2.5), (math.nan, 0.1, 4.0), (2.5, 0.1, 2.5)],
)
def test_an_energy_wins_over_a_rate_and_that_over_the_model(energy, rate, expected):
    assert threshold_for(CALIBRATION, energy=energy, false_positive_rate=rate) == expected


def test_between_fitted_rates_the_threshold_is_linear_in_the_logarithm():
    # half way between 0.1 and 0.01 on a log scale, so half way between 4 and 6
    assert threshold_at_rate(CALIBRATION, 10**-1.5) == pytest.approx(5.0)


@pytest.mark.parametrize('rate', [0.0, 0.0009, 0.2, 1.0])
def test_a_rate_that_was_not_fitted_is_refused(rate):
    with pytest.raises(ValueError, match=r'rates fitted .* \(0.001, 0.01, 0.1\), got'):
        threshold_at_rate(CALIBRATION, rate)
