import pytest

torch = pytest.importorskip('torch')

from hopfield_pebal_ros.contract.energy import pebal_energy
from training.losses.regularizers import smoothness, sparsity
from training.losses.selection import inlier_and_outlier

ENERGY = torch.tensor([[[0.0, 1.0], [2.0, 5.0]]])
ALL = torch.ones(1, 2, 2, dtype=torch.bool)


def test_smoothness_worked_by_hand():
    # down: 2^2 and 4^2, mean 10; right: 1 and 3^2, mean 5; half of the sum
    assert smoothness(ENERGY, ALL).item() == pytest.approx(7.5)


def test_pairs_with_an_unlabelled_pixel_do_not_count():
    valid = ALL.clone()
    valid[0, 1, 1] = False
    assert smoothness(ENERGY, valid).item() == pytest.approx(0.5 * (4 + 1))


def test_repeating_the_batch_changes_nothing():
    twice = smoothness(ENERGY.repeat(2, 1, 1), ALL.repeat(2, 1, 1))
    assert twice.item() == pytest.approx(7.5)


def test_a_constant_is_smooth():
    assert smoothness(torch.full((1, 3, 3), -7.0), torch.ones(1, 3, 3, dtype=torch.bool)) == 0


def test_sparsity_is_the_mean_absolute_energy_of_outliers():
    outlier = torch.tensor([[[False, True], [True, False]]])
    assert sparsity(-ENERGY, outlier).item() == pytest.approx(1.5)


def test_empty_selections_are_zero():
    assert smoothness(ENERGY, ~ALL).item() == 0
    assert sparsity(ENERGY, ~ALL).item() == 0


def test_finite_in_half_precision():
    energy = torch.tensor([[[0.0, 1000.0]]], dtype=torch.float16)
    valid = torch.ones(1, 1, 2, dtype=torch.bool)
    assert smoothness(energy, valid).item() == pytest.approx(5e5)


def test_published_smoothness_is_half_the_sum_over_all_pairs():
    # 4 + 16 down, 1 + 9 right; unlabelled pixels count
    assert smoothness(ENERGY, ~ALL, is_published=True).item() == pytest.approx(15)


def test_published_sparsity_is_the_norm():
    # sqrt(1^2 + 2^2); gradient E / norm
    energy = ENERGY.clone().requires_grad_()
    outlier = torch.tensor([[[False, True], [True, False]]])
    norm = sparsity(energy, outlier, is_published=True)
    norm.backward()
    assert norm.item() == pytest.approx(5**0.5)
    torch.testing.assert_close(energy.grad[0], torch.tensor([[0, 1], [2, 0]]) / 5**0.5)


def test_published_values_of_the_original(published_batch):
    # tianyu0207/PEBAL at 0293bee, losses.py: smooth and sparsity, both with weight 1
    logits, labels, _ = published_batch
    energy = pebal_energy(logits, num_classes=19)
    inlier, outlier = inlier_and_outlier(labels)
    assert smoothness(energy, inlier, is_published=True).item() == pytest.approx(
        417.4381, abs=1e-3
    )
    assert sparsity(energy, outlier, is_published=True).item() == pytest.approx(38.97691, abs=1e-5)
