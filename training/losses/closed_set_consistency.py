"""RPL's consistency: on inliers the trained branch answers as the frozen network does."""

from torch import Tensor
from torch.nn.functional import cross_entropy

from training.losses.selection import mean_of
from training.losses.world import ALONE, World


def pseudo_label_loss(
    class_logits: Tensor, frozen_logits: Tensor, inlier: Tensor, *, world: World = ALONE
) -> Tensor:
    """Cross-entropy with the frozen network's own arg-max, right or wrong, as the label.

    Liu et al. 2023, "Residual Pattern Learning for Pixel-wise Out-of-Distribution Detection".

    Args:
        class_logits: (B, K, H, W) float, of the trained branch; computed in float32.
        frozen_logits: (B, K, H, W) float, of the frozen network; they get no gradient.
        inlier: (B, H, W) bool, neither outlier nor unlabelled.
        world: processes that share the batch.

    Returns:
        Scalar float32 [nat].
    """
    pseudo_labels = frozen_logits.argmax(dim=1)
    per_pixel = cross_entropy(class_logits.float(), pseudo_labels, reduction='none')
    return mean_of(per_pixel, inlier, world=world)


def entropy_consistency_loss(
    class_logits: Tensor, frozen_logits: Tensor, inlier: Tensor, *, world: World = ALONE
) -> Tensor:
    """Mean squared difference of the entropies of the two softmax distributions.

    Liu et al. 2023. Without the authors' floor of 1e-7 under each probability, which moves an
    entropy by 2e-6 a class at most. Arguments as those of `pseudo_label_loss`.

    Returns:
        Scalar float32 [nat^2].
    """
    difference = _entropy(class_logits) - _entropy(frozen_logits.detach())
    return mean_of(difference.square(), inlier, world=world)


def _entropy(logits: Tensor) -> Tensor:
    """Return the entropy (B, H, W) [nat] of the softmax of (B, K, H, W)."""
    log_probs = logits.float().log_softmax(dim=1)
    return -(log_probs.exp() * log_probs).sum(dim=1)
