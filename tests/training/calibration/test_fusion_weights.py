import numpy as np
import pytest

pytest.importorskip('torch')

from training.calibration.fusion_weights import fusion_weights


def pixels(*shifts: float, seed: int = 0, count: int = 4000) -> tuple[np.ndarray, np.ndarray]:
    """Return standard normal energies, outliers being higher by `shifts`."""
    is_outlier = np.arange(count) < count // 4
    noise = np.random.default_rng(seed).normal(size=(count, len(shifts)))
    return noise + is_outlier[:, None] * np.array(shifts), is_outlier


def test_independent_energies_weigh_as_their_shifts():
    """Normal classes of one covariance: the best direction is the difference of their means."""
    weights = fusion_weights(*pixels(2.0, 1.0, 1.0))
    np.testing.assert_allclose(weights, [0.5, 0.25, 0.25], atol=0.05)
    assert weights.sum() == pytest.approx(1)


def test_a_misleading_energy_gets_no_weight():
    weights = fusion_weights(*pixels(2.0, -1.0))
    assert weights.tolist() == [1, 0]


def test_noise_gets_next_to_no_weight():
    for seed in range(3):
        assert fusion_weights(*pixels(2.0, 0.0, seed=seed))[1] < 0.05


def test_two_copies_share():
    energies, is_outlier = pixels(2.0, 1.0)
    copied = energies[:, [0, 0, 1]]
    weights = fusion_weights(copied, is_outlier)
    assert weights[0] == pytest.approx(weights[1], rel=1e-9)
    assert weights[0] + weights[1] == pytest.approx(
        fusion_weights(energies, is_outlier)[0], abs=1e-3
    )


def test_the_better_of_two_shapes_of_one_truth_wins():
    energies, is_outlier = pixels(3.0)
    worse = energies + np.random.default_rng(9).normal(size=energies.shape)
    weights = fusion_weights(np.hstack((energies, worse)), is_outlier)
    assert weights[0] > 0.95


def test_how_many_pixels_of_each_class_there_are_does_not_matter():
    energies, is_outlier = pixels(2.0, 1.0)
    repeated = (
        np.concatenate((energies, energies[is_outlier])),
        np.concatenate((is_outlier, is_outlier[is_outlier])),
    )
    np.testing.assert_allclose(
        fusion_weights(*repeated), fusion_weights(energies, is_outlier), atol=1e-5
    )


def test_classes_that_a_line_divides_have_finite_weights():
    energies, is_outlier = pixels(50.0, 0.5)
    weights = fusion_weights(energies, is_outlier)
    assert np.isfinite(weights).all()
    assert weights[0] > 0.9


def test_the_same_pixels_give_the_same_weights():
    assert np.array_equal(fusion_weights(*pixels(1, 2, 3)), fusion_weights(*pixels(1, 2, 3)))


def test_one_energy_has_all_the_weight():
    assert fusion_weights(*pixels(0.5)).tolist() == [1]


@pytest.mark.parametrize('is_outlier', [True, False])
def test_one_kind_of_pixel_alone_is_refused(is_outlier):
    with pytest.raises(ValueError, match='need outlier and inlier pixels'):
        fusion_weights(np.zeros((5, 2)), np.full(5, is_outlier))


def test_energies_that_mislead_altogether_are_refused():
    with pytest.raises(ValueError, match='no energy is higher on outliers'):
        fusion_weights(*pixels(-1.0, -2.0))


def test_energies_that_are_not_finite_are_refused():
    energies, is_outlier = pixels(1.0, 1.0)
    energies[3, 1] = np.inf
    with pytest.raises(ValueError, match='not finite'):
        fusion_weights(energies, is_outlier)
