import numpy as np
import pytest

from training.calibration.moments import Moments


def test_batches_give_what_all_values_give_together():
    values = np.random.default_rng(0).normal(1e6, 1e-2, size=(2, 5000))
    values[1] *= -3
    moments = Moments.none(2)
    for part in np.split(values, [1, 1, 800, 4000], axis=1):
        moments.add(part)
    assert moments.count == 5000
    np.testing.assert_allclose(moments.mean, values.mean(axis=1), rtol=1e-14)
    np.testing.assert_allclose(moments.standard_deviation(), values.std(axis=1), rtol=1e-6)


def test_float32_values_are_summed_in_float64():
    moments = Moments.none(1)
    for _ in range(10):
        moments.add(np.full((1, 100_000), 0.1, np.float32))
    assert moments.mean[0] == pytest.approx(float(np.float32(0.1)), abs=1e-12)
    assert moments.standard_deviation()[0] == pytest.approx(0, abs=1e-9)


def test_nothing_has_no_spread():
    moments = Moments.none(3)
    moments.add(np.empty((3, 0)))
    assert moments.standard_deviation().tolist() == [0, 0, 0]
