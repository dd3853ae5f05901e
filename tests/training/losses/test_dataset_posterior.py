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


def test_hard_inliers_worked_by_hand():
    # inliers with P = 1/2 and 1/5 weigh 1 - h + h P = 3/4 and 3/5 at h = 1/2
    loss = dataset_posterior_loss(LOGIT, INLIER, OUTLIER, is_balanced=True, hard_inlier_share=0.5)
    of_inliers = (0.75 * math.log(2) + 0.6 * math.log(5 / 4)) / 1.35
    assert loss.item() == pytest.approx(0.5 * (of_inliers - math.log(3 / 4)))


def test_the_weight_of_an_inlier_has_no_gradient():
    logit = torch.zeros(1, 1, 1, requires_grad=True)
    is_inlier = torch.ones(1, 1, 1, dtype=torch.bool)
    dataset_posterior_loss(
        logit, is_inlier, ~is_inlier, is_balanced=True, hard_inlier_share=1.0
    ).backward()
    assert logit.grad.item() == pytest.approx(0.5 * 0.5)  # half of sigmoid(0), as of the mean


def test_weighted_outliers_worked_by_hand():
    # the first and the third pixel are outliers, P = 3/4 and 1/5, and weigh 1 and 3
    outlier = torch.tensor([[[True, False, True, False]]])
    weights = torch.tensor([[[1.0, 9.0, 3.0, 9.0]]])
    loss = dataset_posterior_loss(
        LOGIT, ~outlier & INLIER, outlier, is_balanced=True, outlier_weights=weights
    )
    of_outliers = (math.log(4 / 3) + 3 * math.log(5)) / 4
    assert loss.item() == pytest.approx(0.5 * (math.log(2) + of_outliers))
