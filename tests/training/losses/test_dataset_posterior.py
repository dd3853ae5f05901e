import math

import pytest

torch = pytest.importorskip('torch')

from training.losses.dataset_posterior import dataset_posterior_loss
from training.losses.selection import inlier_and_outlier

# P(d_out | x) = 3/4, 1/2, 1/5, and an unlabelled pixel
LOGIT = torch.tensor([[[math.log(3), 0.0, -math.log(4), 90.0]]])
INLIER = torch.tensor([[[False, True, True, False]]])
OUTLIER = torch.tensor([[[True, False, False, False]]])


def test_value_worked_by_hand():
    # -log of 3/4 for the outlier, of 1/2 and 4/5 for the inliers
    loss = dataset_posterior_loss(LOGIT, INLIER, OUTLIER)
    assert loss.item() == pytest.approx(-math.log(3 / 4 * 1 / 2 * 4 / 5) / 3)


def test_balanced_value_worked_by_hand():
    loss = dataset_posterior_loss(LOGIT, INLIER, OUTLIER, is_balanced=True)
    expected = -0.5 * math.log(3 / 4) - 0.5 * math.log(1 / 2 * 4 / 5) / 2
    assert loss.item() == pytest.approx(expected)


@pytest.mark.parametrize('is_balanced', [False, True])
def test_exchanging_the_data_sets_turns_the_sign_of_the_log_odds(is_balanced):
    loss = dataset_posterior_loss(LOGIT, INLIER, OUTLIER, is_balanced=is_balanced)
    turned = dataset_posterior_loss(-LOGIT, OUTLIER, INLIER, is_balanced=is_balanced)
    assert turned.item() == pytest.approx(loss.item())


def test_balanced_weights_do_not_follow_the_share_of_outliers():
    many = LOGIT[..., [0, 0, 0, 1, 2]], INLIER[..., [0, 0, 0, 1, 2]], OUTLIER[..., [0, 0, 0, 1, 2]]
    few = dataset_posterior_loss(LOGIT, INLIER, OUTLIER, is_balanced=True)
    assert dataset_posterior_loss(*many, is_balanced=True).item() == pytest.approx(few.item())


def test_no_outlier_is_the_mean_over_inliers():
    nothing = torch.zeros_like(OUTLIER)
    loss = dataset_posterior_loss(LOGIT, INLIER, nothing)
    assert loss.item() == pytest.approx(-math.log(1 / 2 * 4 / 5) / 2)


def test_value_of_the_original(published_batch):
    # matejgrcic/DenseHybrid at 742ceab, semseg_negatives_joint_th.py: loss_th on two channels;
    # it counts unlabelled pixels as inliers
    logits, labels, _ = published_batch
    _, outlier = inlier_and_outlier(labels)
    loss = dataset_posterior_loss(logits[:, 1] - logits[:, 0], ~outlier, outlier)
    assert loss.item() == pytest.approx(1.3420378, abs=1e-5)
