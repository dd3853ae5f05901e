import numpy as np
import pytest

pytest.importorskip('torch')

from hopfield_pebal_ros.contract.labels import OUTLIER_ID
from training.calibration.component_sample import ComponentSample
from training.calibration.fit_fusion import fit_fusion


def sample_of(**shifts: float | None) -> ComponentSample:
    """Return energies of mean 5 and deviation 2, outliers higher by a shift; None: constant."""
    sample = ComponentSample(tuple(shifts), seed=0, pixels_per_image=500)
    rng = np.random.default_rng(0)
    for _ in range(4):
        labels = np.where(rng.random((40, 50)) < 0.3, OUTLIER_ID, 0).astype(np.uint8)
        maps = {
            name: np.full(labels.shape, 0.1, np.float32)
            if shift is None
            else (rng.normal(5, 2, labels.shape) + shift * (labels != 0)).astype(np.float32)
            for name, shift in shifts.items()
        }
        sample.add(maps, labels)
    return sample


def test_what_helps_is_standardised_and_weighed():
    found = fit_fusion(sample_of(a=4.0, b=4.0))
    assert found.components == ('a', 'b')
    np.testing.assert_allclose(found.means, 5, atol=0.1)
    np.testing.assert_allclose(found.standard_deviations, 2, atol=0.1)
    np.testing.assert_allclose(found.weights, 0.5, atol=0.05)
    assert sum(found.weights) == pytest.approx(1)


def test_what_is_constant_or_misleads_is_left_out():
    found = fit_fusion(sample_of(a=-2.0, b=None, c=4.0))
    assert found.components == ('c',)
    assert found.weights == (1,)
    assert found.means[0] == pytest.approx(5, abs=0.1)


def test_the_unit_of_an_energy_does_not_change_its_weight():
    weights = fit_fusion(sample_of(a=4.0, b=2.0)).weights
    scaled = sample_of(a=4.0, b=2.0)
    scaled._energies = [each * np.float32([1, 1000]) for each in scaled._energies]
    scaled.inlier_moments.mean *= (1, 1000)
    scaled.inlier_moments.squares *= (1, 1000**2)
    np.testing.assert_allclose(fit_fusion(scaled).weights, weights, atol=1e-4)


def test_constants_alone_are_refused():
    with pytest.raises(ValueError, match='a, b: constant on the inlier pixels'):
        fit_fusion(sample_of(a=None, b=None))


def test_an_empty_sample_is_refused():
    with pytest.raises(ValueError, match='need outlier and inlier pixels'):
        fit_fusion(ComponentSample(('a',), seed=0, pixels_per_image=1))


def test_given_weights_are_kept_and_scaled_to_sum_1():
    found = fit_fusion(sample_of(a=-2.0, b=4.0), weights=(1.0, 0.25))
    assert found.components == ('a', 'b')
    assert found.weights == (0.8, 0.2)
    np.testing.assert_allclose(found.means, 5, atol=0.1)
