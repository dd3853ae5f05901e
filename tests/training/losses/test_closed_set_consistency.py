import math

import pytest

torch = pytest.importorskip('torch')

from training.losses.closed_set_consistency import (
    entropy_consistency_loss,
    pseudo_label_loss,
)
from training.losses.selection import inlier_and_outlier


def pixels(*logits):
    return torch.tensor(logits, dtype=torch.float32).T[None, :, None, :]


ONE = torch.ones(1, 1, 1, dtype=torch.bool)


def test_pseudo_label_value_worked_by_hand():
    # the frozen network says class 1, to which the branch gives 1/4
    loss = pseudo_label_loss(pixels((math.log(3), 0.0)), pixels((0.0, 0.1)), ONE)
    assert loss.item() == pytest.approx(math.log(4))


def test_entropy_value_worked_by_hand():
    # H(1/2, 1/2) = log 2 against H(3/4, 1/4) = 2 log 2 - 3/4 log 3
    loss = entropy_consistency_loss(pixels((0.0, 0.0)), pixels((math.log(3), 0.0)), ONE)
    assert loss.item() == pytest.approx((math.log(2) - 0.75 * math.log(3)) ** 2)


def test_equal_networks_have_equal_entropies():
    logits = torch.randn(2, 5, 3, 4, generator=torch.Generator().manual_seed(0))
    everywhere = torch.ones(2, 3, 4, dtype=torch.bool)
    assert entropy_consistency_loss(logits, logits, everywhere).item() == 0
    # entropies do not see which class is which, nor a shift of all logits
    moved = entropy_consistency_loss(logits.flip(1) + 3, logits, everywhere)
    assert moved.item() == pytest.approx(0, abs=1e-10)


@pytest.mark.parametrize('loss', [pseudo_label_loss, entropy_consistency_loss])
def test_the_frozen_network_gets_no_gradient(loss):
    frozen = pixels((1.0, 0.2)).requires_grad_()
    branch = pixels((0.5, 0.3)).requires_grad_()
    loss(branch, frozen, ONE).backward()
    assert frozen.grad is None
    assert branch.grad.abs().max().item() > 0


def test_values_of_the_original(published_batch):
    # yyliu01/RPL at 1a327d5, PositiveEnergy.py: entropy_part and reg
    logits, labels, frozen = published_batch
    inlier, _ = inlier_and_outlier(labels)
    branch = logits[:, :19] - 5
    assert pseudo_label_loss(branch, frozen, inlier).item() == pytest.approx(4.4694371, abs=1e-5)
    entropy = entropy_consistency_loss(branch, frozen, inlier)
    assert entropy.item() == pytest.approx(0.4021063, abs=1e-5)
