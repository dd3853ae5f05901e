"""PEBAL's abstention loss: a pixel may buy its way out of a class at a price set by energy."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torchvision.transforms.v2.functional import gaussian_blur

from hopfield_pebal_ros.contract.energy import pebal_energy
from training.losses.selection import inlier_and_outlier, mean_of
from training.losses.world import ALONE, World


@dataclass(frozen=True, kw_only=True)
class Payoff:
    """The adaptive payoff a = clamp(E^2 / scale, minimum, maximum) of an abstention.

    Published: E^2, blurred, without bounds, gradient through a. There r / a grows without bound
    where E crosses zero; the lower bound prevents that.
    """

    scale: float = 1.0
    minimum: float = 1.5
    maximum: float = 400.0
    is_detached: bool = True
    """Whether the gradient stops at a."""
    is_blurred: bool = False
    """Whether E^2 is blurred with the authors' 7x7 Gaussian, sigma 1; needs maps of 4x4 pixels."""

    def __post_init__(self) -> None:
        if not self.scale > 0:
            raise ValueError(f'payoff scale must be positive, got {self.scale}')
        if not 1 < self.minimum <= self.maximum:
            raise ValueError(
                f'payoff bounds must satisfy 1 < minimum <= maximum, got {self.minimum} and '
                f'{self.maximum}; at 1 and below abstaining costs nothing'
            )

    def of(self, energy: Tensor) -> Tensor:
        """Return a for `energy` (B, H, W) [nat], same shape."""
        squared = energy.square()
        if self.is_blurred:
            squared = gaussian_blur(squared, kernel_size=[7, 7], sigma=[1.0, 1.0])
        payoff = (squared / self.scale).clamp(self.minimum, self.maximum)
        return payoff.detach() if self.is_detached else payoff


def abstention_loss(
    logits: Tensor,
    labels: Tensor,
    *,
    payoff: Payoff,
    outlier_weight: float = 0.1,
    is_published: bool = False,
    world: World = ALONE,
) -> Tensor:
    """Negative log of p_y + r / a on inliers, of every p_k + r / a on outliers.

    Tian et al. 2022, "Pixel-wise Energy-biased Abstention Learning", eq. 3, on probabilities as
    the authors' code has it. p and r are a softmax over all K + 1 channels. Outliers have no
    class: their term is the mean over k, times `outlier_weight`. An outlier pixel of no preference
    gains by abstaining only where a < K; above that it gains by uniform class probabilities.
    Inliers of all images share one mean. Without the authors' floor of 1e-7 under p_k + r / a,
    below which their gradient vanishes.

    Args:
        logits: (B, K + 1, H, W) float of any precision, abstention last; computed in float32.
        labels: (B, H, W) int64; `IGNORE_ID` takes no part.
        payoff: bounds of a.
        outlier_weight: factor of the outlier term.
        is_published: the inliers of images with and without outliers have a mean each, and the
            two are added, so that the few images with outliers weigh as much as all others.
        world: processes that share the batch.

    Returns:
        Scalar float32.
    """
    logits = logits.float()
    inlier, outlier = inlier_and_outlier(labels)
    log_probs = logits.log_softmax(dim=1)
    escape = log_probs[:, -1] - _log_payoff(logits, payoff)  # log (r / a)
    of_class = log_probs.gather(1, labels.where(inlier, 0).unsqueeze(1)).squeeze(1)
    cost = -torch.logaddexp(of_class, escape)
    loss = outlier_weight * _outlier_mean(log_probs, escape, outlier, world)
    if not is_published:
        return loss + mean_of(cost, inlier, world=world)
    is_exposed = outlier.flatten(1).any(dim=1)[:, None, None]
    return (
        loss
        + mean_of(cost, inlier & is_exposed, world=world)
        + mean_of(cost, inlier & ~is_exposed, world=world)
    )


def _log_payoff(logits: Tensor, payoff: Payoff) -> Tensor:
    """Return log a (B, H, W)."""
    if payoff.is_detached:
        logits = logits.detach()  # keeps no exponentials for the backward pass
    return payoff.of(pebal_energy(logits, num_classes=logits.shape[1] - 1)).log()


def _outlier_mean(log_probs: Tensor, escape: Tensor, outlier: Tensor, world: World) -> Tensor:
    """Return the mean of -log(p_k + r / a) over outlier pixels and all k, of their rows alone."""
    rows = log_probs[:, :-1].movedim(1, -1)[outlier]  # (P, K)
    cost = -torch.logaddexp(rows, escape[outlier].unsqueeze(1)).mean(dim=1)
    return mean_of(cost, torch.ones_like(cost, dtype=torch.bool), world=world)
