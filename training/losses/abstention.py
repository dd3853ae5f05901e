"""PEBAL's abstention loss: a pixel may buy its way out of a class at a price set by energy."""

from dataclasses import dataclass

import torch
from torch import Tensor

from hopfield_pebal_ros.contract.energy import pebal_energy
from hopfield_pebal_ros.contract.labels import IGNORE_ID, OUTLIER_ID
from training.losses.selection import mean_of


@dataclass(frozen=True, kw_only=True)
class Payoff:
    """The adaptive payoff a = clamp(E^2 / scale, minimum, maximum) of an abstention.

    Published: E^2 without bounds, gradient through a. There r / a grows without bound where E
    crosses zero; the lower bound prevents that.
    """

    scale: float = 1.0
    minimum: float = 1.5
    maximum: float = 400.0
    is_detached: bool = True
    """Whether the gradient stops at a."""

    def __post_init__(self) -> None:
        if not self.scale > 0:
            raise ValueError(f'payoff scale must be positive, got {self.scale}')
        if not 1 < self.minimum <= self.maximum:
            raise ValueError(
                f'payoff bounds must satisfy 1 < minimum <= maximum, got {self.minimum} and '
                f'{self.maximum}; at 1 and below abstaining costs nothing'
            )

    def of(self, energy: Tensor) -> Tensor:
        """Return a for `energy` [nat], same shape."""
        payoff = (energy.square() / self.scale).clamp(self.minimum, self.maximum)
        return payoff.detach() if self.is_detached else payoff


def abstention_loss(
    logits: Tensor, labels: Tensor, *, payoff: Payoff, outlier_weight: float = 0.1
) -> Tensor:
    """Negative log of p_y + r / a on inliers, of every p_k + r / a on outliers.

    Tian et al. 2022, "Pixel-wise Energy-biased Abstention Learning", eq. 3, on probabilities as
    the authors' code has it. p and r are a softmax over all K + 1 channels. Outliers have no
    class: their term is the mean over k, times `outlier_weight`. An outlier pixel of no preference
    gains by abstaining only where a < K; above that it gains by uniform class probabilities.
    Without the authors' 7x7 blur of a; inliers of all images share one mean.

    Args:
        logits: (B, K + 1, H, W) float of any precision, abstention last; computed in float32.
        labels: (B, H, W) int64; `IGNORE_ID` takes no part.
        payoff: bounds of a.
        outlier_weight: factor of the outlier term.

    Returns:
        Scalar float32.
    """
    logits = logits.float()
    num_classes = logits.shape[1] - 1
    log_probs = logits.log_softmax(dim=1)
    price = payoff.of(pebal_energy(logits, num_classes=num_classes)).log()
    escape = (log_probs[:, num_classes] - price).unsqueeze(1)  # log (r / a)
    outlier = labels == OUTLIER_ID
    inlier = ~outlier & (labels != IGNORE_ID)
    classes = labels.where(inlier, 0).unsqueeze(1)
    inlier_term = -torch.logaddexp(log_probs.gather(1, classes), escape).squeeze(1)
    outlier_term = -torch.logaddexp(log_probs[:, :num_classes], escape).mean(dim=1)
    return mean_of(inlier_term, inlier) + outlier_weight * mean_of(outlier_term, outlier)
