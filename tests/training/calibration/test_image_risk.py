from collections.abc import Iterable

import numpy as np
import pytest

from hopfield_pebal_ros.evaluation.score_keys import to_keys
from training.calibration.image_risk import ImageRisk, images_needed


def risk_of(images: Iterable[np.ndarray]) -> ImageRisk:
    risk = ImageRisk()
    for energies in images:
        keys, counts = np.unique(to_keys(energies.astype(np.float32)), return_counts=True)
        risk.add(keys, counts)
    return risk


def brute_force(images: list[np.ndarray], rate: float) -> float:
    """Return the smallest pixel energy t with (sum of the images' shares above t + 1)/(n+1)."""
    candidates = np.unique(np.concatenate(images))
    risk = sum(np.mean(each[:, None] > candidates, axis=0) for each in images)
    return float(candidates[np.argmax((risk + 1) / (len(images) + 1) <= rate + 1e-12)])


@pytest.mark.parametrize(
    ('rate', 'needed'), [(0.05, 19), (0.01, 99), (0.001, 999), (0.07, 14), (0.5, 1), (0.3, 3)]
)
def test_the_images_needed_are_one_over_the_rate_minus_one(rate, needed):
    assert images_needed(rate) == needed


@pytest.mark.parametrize('rate', [0.0, 1.0, -0.1, 5.0])
def test_a_rate_outside_0_to_1_is_refused(rate):
    with pytest.raises(ValueError, match='between 0 and 1'):
        images_needed(rate)


@pytest.mark.parametrize('rate', [0.05, 0.25])
def test_one_image_too_few_has_no_threshold(rate):
    images = [np.arange(1, 11)] * images_needed(rate)
    assert risk_of(images[1:]).threshold(rate) is None
    at_limit = risk_of(images).threshold(rate)  # nothing may be above: 1/(n+1) is all of the rate
    assert at_limit == pytest.approx(10, rel=1e-4)


def test_values_worked_by_hand():
    """Three images of 10, 4 and 2 pixels; rate 0.5: the shares above may sum to 0.5 * 4 - 1 = 1.

    Above 3: 0.7 + 0.25 + 0.5; above 4: 0.6 + 0 + 0.5; above 5: 0.5 + 0 + 0.5, which is 1.
    """
    images = [np.arange(1, 11), np.arange(1, 5), np.array([1, 20])]
    assert risk_of(images).threshold(0.5) == pytest.approx(5, rel=1e-4)


@pytest.mark.parametrize('rate', [0.02, 0.05, 0.2])
def test_it_agrees_with_brute_force_to_one_step_of_the_grid(rate):
    rng = np.random.default_rng(3)
    images = [
        (rng.normal(-6 + rng.normal(), 2, size=rng.integers(20, 100))).astype(np.float32)
        for _ in range(60)
    ]
    found, exact = risk_of(images).threshold(rate), brute_force(images, rate)
    assert exact <= found <= exact + 2**-16 * abs(exact)


def test_an_image_without_inlier_pixels_takes_no_part():
    risk = risk_of([np.arange(5)])
    risk.add(np.array([7, 9]), np.zeros(2, np.int64))
    assert risk.num_images == 1
    assert risk.shares.sum() == pytest.approx(1)


def test_the_risk_of_a_new_image_is_what_was_asked_and_the_pooled_quantile_exceeds_it():
    """The pixels of an image resemble each other: 24 images are few, however many pixels."""
    rng, rate, draws = np.random.default_rng(0), 0.05, 80
    share_conformal, share_pooled = [], []
    for _ in range(draws):
        levels = rng.normal(size=(24 + 50, 1))
        energies = (levels + 0.1 * rng.normal(size=(24 + 50, 200))).astype(np.float32)
        known, new = energies[:24], energies[24:]
        share_conformal.append(np.mean(new > risk_of(known).threshold(rate)))
        share_pooled.append(np.mean(new > np.quantile(known, 1 - rate, method='inverted_cdf')))
    assert 0.5 * rate < np.mean(share_conformal) <= rate
    assert np.mean(share_pooled) > 1.2 * rate
