"""Meta-OoD's entropy maximisation: outliers are to have no preferred class."""

import torch
from torch import Tensor

from training.losses.selection import inlier_and_outlier, mean_of
from training.losses.world import ALONE, World


def entropy_maximisation_loss(
    class_logits: Tensor,
    labels: Tensor,
    *,
    outlier_share: float = 0.9,
    is_published: bool = False,
    world: World = ALONE,
) -> Tensor:
    """Cross-entropy with the label on inliers, with the uniform distribution on outliers.

    Chan et al. 2021, "Entropy Maximization and Meta Classification": the convex sum of the two
    means. The authors' code divides one sum over both by the number of all pixels, unlabelled
    ones included, and by K: there outliers weigh as little as they cover.

    Args:
        class_logits: (B, K, H, W) float of any precision; computed in float32.
        labels: (B, H, W) int64; `IGNORE_ID` takes no part.
        outlier_share: weight of the outlier term, 0..1; inliers have the rest.
        is_published: the authors' reduction.
        world: processes that share the batch.

    Returns:
        Scalar float32 [nat].

    Raises:
        ValueError: outlier_share out of range.
    """
    if not 0 <= outlier_share <= 1:
        raise ValueError(f'outlier_share must be in 0..1, got {outlier_share}')
    inlier, outlier = inlier_and_outlier(labels)
    log_probs = class_logits.float().log_softmax(dim=1)
    of_label = -log_probs.gather(1, labels.where(inlier, 0).unsqueeze(1)).squeeze(1)
    inlier_term = (1 - outlier_share) * of_label
    outlier_term = outlier_share * -log_probs.mean(dim=1)
    if not is_published:
        inlier_mean = mean_of(inlier_term, inlier, world=world)
        return inlier_mean + mean_of(outlier_term, outlier, world=world)
    each = inlier_term.where(inlier, 0) + outlier_term.where(outlier, 0)
    return mean_of(each, torch.ones_like(inlier), world=world) / class_logits.shape[1]
