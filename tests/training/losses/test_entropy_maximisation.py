import math

import pytest

torch = pytest.importorskip('torch')

from hopfield_pebal_ros.contract.labels import IGNORE_ID, OUTLIER_ID
from training.losses.entropy_maximisation import entropy_maximisation_loss

# probabilities (3/4, 1/4) at every pixel
LOGITS = torch.tensor([math.log(3), 0.0])[None, :, None, None].expand(1, 2, 1, 4)
LABELS = torch.tensor([[[0, 1, OUTLIER_ID, IGNORE_ID]]])
INLIER_SUM = -math.log(3 / 4) - math.log(1 / 4)
UNIFORM = -0.5 * (math.log(3 / 4) + math.log(1 / 4))


def test_value_worked_by_hand():
    loss = entropy_maximisation_loss(LOGITS, LABELS, outlier_share=0.9)
    assert loss.item() == pytest.approx(0.1 * INLIER_SUM / 2 + 0.9 * UNIFORM)


def test_published_value_worked_by_hand():
    # one sum over 4 pixels, the unlabelled one included, and 2 classes
    loss = entropy_maximisation_loss(LOGITS, LABELS, outlier_share=0.9, is_published=True)
    assert loss.item() == pytest.approx((0.1 * INLIER_SUM + 0.9 * UNIFORM) / 8)


def test_an_outlier_costs_least_without_a_preferred_class():
    # at equal logits the uniform cross-entropy is log K, and its gradient vanishes
    logits = torch.zeros(1, 5, 1, 1, requires_grad=True)
    labels = torch.tensor([[[OUTLIER_ID]]])
    loss = entropy_maximisation_loss(logits, labels, outlier_share=1.0)
    loss.backward()
    assert loss.item() == pytest.approx(math.log(5))
    assert logits.grad.abs().max().item() < 1e-7
    surer = torch.zeros(1, 5, 1, 1)
    surer[0, 0] = 2.0
    assert entropy_maximisation_loss(surer, labels, outlier_share=1.0).item() > loss.item()


@pytest.mark.parametrize('is_published', [False, True])
def test_shifting_all_logits_changes_nothing(is_published):
    loss = entropy_maximisation_loss(LOGITS, LABELS, is_published=is_published)
    moved = entropy_maximisation_loss(LOGITS + 20, LABELS, is_published=is_published)
    assert moved.item() == pytest.approx(loss.item(), rel=1e-5)


def test_value_of_the_original(published_batch):
    # robin-chan/meta-ood at 8657a5e, ood_training.py: cross_entropy of encode_target, alpha 0.9
    logits, labels, _ = published_batch
    loss = entropy_maximisation_loss(logits[:, :19], labels, is_published=True)
    assert loss.item() == pytest.approx(0.0390246, abs=1e-6)


@pytest.mark.parametrize('share', [-0.1, 1.1])
def test_impossible_share_is_refused(share):
    with pytest.raises(ValueError, match=r'outlier_share must be in 0\.\.1'):
        entropy_maximisation_loss(LOGITS, LABELS, outlier_share=share)
