import numpy as np
import pytest

from hopfield_pebal_ros.contract.labels import IGNORE_ID, OUTLIER_ID
from training.calibration.component_sample import ComponentSample

NAMES = ('free_energy', 'outlier_logit')


def composite(seed: int) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Return maps in which the second energy is 100 more than the first, and the labels."""
    rng = np.random.default_rng(seed)
    labels = rng.choice([0, 5, OUTLIER_ID, IGNORE_ID], p=[0.6, 0.2, 0.1, 0.1], size=(40, 50))
    energy = rng.normal(size=(40, 50)).astype(np.float32)
    energy[labels == OUTLIER_ID] += 1000
    energy[labels == IGNORE_ID] = np.nan
    return {'outlier_logit': energy + 100, 'free_energy': energy}, labels.astype(np.uint8)


def sample_of(num_images: int, *, seed: int = 0) -> ComponentSample:
    sample = ComponentSample(NAMES, seed=seed, pixels_per_image=30)
    for number in range(num_images):
        sample.add(*composite(number))
    return sample


def test_the_sample_is_balanced_and_bounded_and_its_columns_are_the_components():
    sample = sample_of(4)
    assert sample.energies().shape == (4 * 60, 2)
    assert sample.is_outlier().sum() == 4 * 30
    np.testing.assert_allclose(np.diff(sample.energies(), axis=1), 100, atol=1e-3)
    np.testing.assert_array_equal(sample.energies()[:, 0] > 500, sample.is_outlier())


def test_few_pixels_of_a_kind_are_all_taken_once():
    sample = ComponentSample(('e',), seed=0, pixels_per_image=30)
    labels = np.zeros((2, 4), np.uint8)
    labels[1, :3] = OUTLIER_ID
    sample.add({'e': np.arange(8, dtype=np.float32).reshape(2, 4)}, labels)
    assert sorted(sample.energies()[~sample.is_outlier(), 0]) == [0, 1, 2, 3, 7]
    assert sorted(sample.energies()[sample.is_outlier(), 0]) == [4, 5, 6]


def test_statistics_are_of_all_inlier_pixels():
    sample = sample_of(3)
    inlier = np.concatenate(
        [maps['free_energy'][labels < OUTLIER_ID] for maps, labels in map(composite, range(3))]
    )
    assert sample.inlier_moments.count == len(inlier)
    expected = [inlier.mean(), inlier.mean() + 100]
    np.testing.assert_allclose(sample.inlier_moments.mean, expected, atol=1e-5)
    np.testing.assert_allclose(sample.inlier_moments.standard_deviation(), inlier.std(), rtol=1e-4)


def test_the_seed_chooses_the_pixels():
    assert np.array_equal(sample_of(2).energies(), sample_of(2).energies())
    assert not np.array_equal(sample_of(2).energies(), sample_of(2, seed=1).energies())


def test_a_missing_energy_is_named():
    maps, labels = composite(0)
    del maps['outlier_logit']
    with pytest.raises(KeyError, match='outlier_logit'):
        ComponentSample(NAMES, seed=0, pixels_per_image=1).add(maps, labels)
