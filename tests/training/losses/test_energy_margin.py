import pytest

torch = pytest.importorskip('torch')

from hopfield_pebal_ros.contract.energy import pebal_energy
from training.losses.energy_margin import energy_margin_loss
from training.losses.regularizers import smoothness, sparsity
from training.losses.selection import inlier_and_outlier

ENERGY = torch.tensor([[[-14.0, -9.0, -8.0, -4.0]]])
INLIER = torch.tensor([[[True, True, False, False]]])
OUTLIER = torch.tensor([[[False, False, True, True]]])
NONE = torch.zeros_like(INLIER)
MARGINS = {'inlier_margin': -12.0, 'outlier_margin': -6.0}


def test_value_worked_by_hand():
    # inliers: 0 and 3^2, mean 4.5; outliers: 2^2 and 0, mean 2; half of the sum
    loss = energy_margin_loss(ENERGY, INLIER, OUTLIER, **MARGINS)
    assert loss.item() == pytest.approx(3.25)


def test_no_cost_and_no_gradient_beyond_the_margins():
    energy = torch.tensor([[[-12.5, -5.0]]], requires_grad=True)
    inlier = torch.tensor([[[True, False]]])
    loss = energy_margin_loss(energy, inlier, ~inlier, **MARGINS)
    loss.backward()
    assert loss.item() == 0
    assert energy.grad.abs().max() == 0


def test_an_empty_group_leaves_the_other_alone():
    assert energy_margin_loss(ENERGY, INLIER, NONE, **MARGINS).item() == pytest.approx(2.25)
    assert energy_margin_loss(ENERGY, NONE, OUTLIER, **MARGINS).item() == pytest.approx(1.0)
    assert energy_margin_loss(ENERGY, NONE, NONE, **MARGINS).item() == 0


def test_only_differences_from_the_margins_matter():
    moved = energy_margin_loss(
        ENERGY + 5, INLIER, OUTLIER, inlier_margin=-7.0, outlier_margin=-1.0
    )
    assert moved.item() == pytest.approx(3.25)


def test_void_that_is_not_a_number_stays_out():
    energy = ENERGY.clone()
    energy[..., 0] = float('nan')
    keep = torch.tensor([[[False, True, False, False]]])
    loss = energy_margin_loss(energy, keep, OUTLIER, **MARGINS)
    assert loss.item() == pytest.approx(0.5 * (9 + 2))


@pytest.mark.parametrize('dtype', [torch.bfloat16, torch.float16])
def test_squares_stay_finite_in_half_precision(dtype):
    energy = torch.full((1, 1, 2), 1000.0, dtype=dtype)  # 1000^2 is beyond float16
    inlier = torch.tensor([[[True, False]]])
    loss = energy_margin_loss(energy, inlier, ~inlier, **MARGINS)
    assert loss.item() == pytest.approx(0.5 * 1012**2, rel=1e-2)


def test_published_inliers_count_in_full_without_outliers():
    without = energy_margin_loss(ENERGY, INLIER, NONE, **MARGINS, is_published=True)
    assert without.item() == pytest.approx(4.5)
    with_some = energy_margin_loss(ENERGY, INLIER, OUTLIER, **MARGINS, is_published=True)
    assert with_some.item() == pytest.approx(3.25)


@pytest.mark.parametrize(('images', 'expected'), [((0, 4), 12.8065748), ((2, 4), 7.0497384)])
def test_published_energy_loss_of_the_original(published_batch, images, expected):
    # tianyu0207/PEBAL at 0293bee, losses.py: energy_loss, with and without outliers
    logits, labels, _ = (each[slice(*images)] for each in published_batch)
    energy = pebal_energy(2 * logits, num_classes=19)
    inlier, outlier = inlier_and_outlier(labels)
    loss = (
        energy_margin_loss(energy, inlier, outlier, **MARGINS, is_published=True)
        + 5e-4 * sparsity(energy, outlier, is_published=True)
        + 3e-6 * smoothness(energy, inlier, is_published=True)
    )
    assert loss.item() == pytest.approx(expected, abs=1e-5)
