"""DenseHybrid's dataset posterior: is this pixel from the inlier or the outlier data?"""

import torch
import torch.nn.functional as F
from torch import Tensor

from training.losses.selection import mean_of, weighted_mean_of
from training.losses.world import ALONE, World


def dataset_posterior_loss(
    outlier_logit: Tensor,
    inlier: Tensor,
    outlier: Tensor,
    *,
    is_balanced: bool = False,
    hard_inlier_share: float = 0.0,
    outlier_weights: Tensor | None = None,
    world: World = ALONE,
) -> Tensor:
    """Cross-entropy of P(d_out | x) = sigmoid(outlier_logit), the two-way log softmax.

    Grcic et al. 2022, "DenseHybrid". Their code counts unlabelled pixels as inliers: pass
    `~outlier` as `inlier` for that.

    Args:
        outlier_logit: (B, H, W) float of any precision, log-odds of d_out against d_in; of a
            two-way head, its outlier logit minus its inlier logit. Computed in float32.
        inlier: (B, H, W) bool; a pixel in neither mask takes no part.
        outlier: (B, H, W) bool.
        is_balanced: inliers and outliers weigh one half each however many they are; published:
            one mean over all pixels, in which outliers weigh as little as they cover.
        hard_inlier_share: h of the weight 1 - h + h P(d_out | x) of inliers in their mean, so that
            those that look like outliers count more; balanced only.
        outlier_weights: (B, H, W) float, of outliers in their mean; balanced only. None: all 1.
        world: processes that share the batch.

    Returns:
        Scalar float32 [nat].
    """
    logit = outlier_logit.float()
    as_inlier, as_outlier = F.softplus(logit), F.softplus(-logit)
    if is_balanced:
        of_inliers = 1 - hard_inlier_share * (1 - logit.detach().sigmoid())
        of_outliers = torch.ones_like(logit) if outlier_weights is None else outlier_weights
        inlier_mean = weighted_mean_of(as_inlier, of_inliers, inlier, world=world)
        outlier_mean = weighted_mean_of(as_outlier, of_outliers, outlier, world=world)
        return 0.5 * (inlier_mean + outlier_mean)
    return mean_of(as_outlier.where(outlier, as_inlier), inlier | outlier, world=world)
