import pytest

torch = pytest.importorskip('torch')

from hopfield_pebal_ros.contract.energy import free_energy
from training.losses.likelihood_push import likelihood_push_loss
from training.losses.selection import inlier_and_outlier

ENERGY = torch.tensor([[[-5.0, -3.0, 2.0, -50.0]]])
OUTLIER = torch.tensor([[[True, True, True, False]]])


@pytest.mark.parametrize(
    ('limit', 'expected'),
    # 5, 3 and 0 below the limit; 6, 4 and 0; 5, 3 and -2 without one
    [(0.0, 8 / 3), (1.0, 10 / 3), (None, 2.0)],
)
def test_value_worked_by_hand(limit, expected):
    loss = likelihood_push_loss(ENERGY, OUTLIER, energy_limit=limit)
    assert loss.item() == pytest.approx(expected)


def test_the_push_is_even_and_ends_at_the_limit():
    energy = ENERGY.clone().requires_grad_()
    likelihood_push_loss(energy, OUTLIER).backward()
    torch.testing.assert_close(energy.grad, torch.tensor([[[-1 / 3, -1 / 3, 0, 0]]]))


def test_value_of_densehybrid(published_batch):
    # matejgrcic/DenseHybrid at 742ceab, semseg_negatives_joint_th.py: loss_ood, offset zero
    logits, labels, _ = published_batch
    _, outlier = inlier_and_outlier(labels)
    loss = likelihood_push_loss(free_energy(logits[:, :19]), outlier, energy_limit=None)
    assert loss.item() == pytest.approx(5.5890212, abs=1e-5)


def test_value_of_rpl(published_batch):
    # yyliu01/RPL at 1a327d5, PositiveEnergy.py: energy_part; LSE from -0.5 to 2.3
    logits, labels, _ = published_batch
    _, outlier = inlier_and_outlier(labels)
    loss = likelihood_push_loss(free_energy(logits[:, :19] - 5), outlier)
    assert loss.item() == pytest.approx(0.6390561, abs=1e-5)
