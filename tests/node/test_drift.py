"""Drift of inlier energies, by hand, with a clock moved by hand."""

import math
from dataclasses import replace

import numpy as np
import pytest

from hopfield_pebal_ros.contract.metadata import Calibration
from hopfield_pebal_ros.node.drift import EnergyDrift

CALIBRATION = Calibration(
    threshold=6.0,
    false_positive_rate=0.01,
    inlier_mean=1.0,
    inlier_standard_deviation=2.0,
    fitted_on='ten frames',
)


class Clock:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def energies(value):
    return np.full((32, 32), value, np.float32)


def test_before_the_first_frame_nothing_is_known():
    drift = EnergyDrift(CALIBRATION)
    assert math.isnan(drift.mean())
    assert math.isnan(drift.deviations())


def test_only_inliers_count():
    drift = EnergyDrift(CALIBRATION)
    frame = energies(3.0)
    frame[:16] = 9.0  # above the threshold
    frame[24:] = math.nan
    drift.add(frame, 6.0)
    assert drift.mean() == 3.0
    assert drift.deviations() == 1.0  # (3 - 1) / 2
    drift.add(energies(7.0), 6.0)  # no inlier at all
    assert drift.mean() == 3.0


def test_the_mean_is_slow():
    clock = Clock()
    drift = EnergyDrift(CALIBRATION, clock=clock)
    drift.add(energies(1.0), 6.0)
    for _ in range(600):  # a minute at 10 Hz, at first all of it weighs the same
        clock.now_s += 0.1
        drift.add(energies(1.0), 6.0)
    clock.now_s += 6.0
    drift.add(energies(5.0), 6.0)  # 6 s of 60 s
    assert drift.mean() == pytest.approx(1 + 4 * 0.1)


def test_a_model_without_statistics_has_no_drift():
    drift = EnergyDrift(replace(CALIBRATION, fitted_on=''))
    drift.add(energies(3.0), 6.0)
    assert drift.mean() == 3.0
    assert math.isnan(drift.deviations())
