"""What each stage minimises: named terms of a batch, and the margins between the stages."""

from dataclasses import dataclass
from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor

from hopfield_pebal_ros.contract.energy import pebal_energy
from hopfield_pebal_ros.contract.labels import IGNORE_ID, OUTLIER_ID
from training.losses.abstention import Payoff, abstention_loss
from training.losses.energy_margin import energy_margin_loss
from training.losses.regularizers import smoothness, sparsity
from training.losses.selection import mean_of
from training.settings import LossSettings

LARGEST_CLASS_WEIGHT: Final = 12.0


@dataclass(frozen=True)
class Margins:
    """Where the hinges of the anomaly stage stand [nat]."""

    inlier: float
    outlier: float

    @property
    def distance(self) -> float:
        return self.outlier - self.inlier


def margins_from(inlier_energy: Tensor, losses: LossSettings) -> Margins:
    """Place the margins by the network's own inlier energies.

    Energies of a network are fixed only up to what its training makes of them: the published -12
    and -6 belong to one network. m_in is the inliers' median by default, m_out a quantile that
    few inliers exceed, so an outlier at its margin lies above nearly all inliers.

    Args:
        inlier_energy: (P,) float [nat], of inlier pixels at the end of the closed-set stage.
        losses: the two quantiles.

    Raises:
        ValueError: no pixels, or all have one energy.
    """
    if inlier_energy.numel() == 0:
        raise ValueError('margins need inlier pixels, got none; are all labels ignored?')
    ordered = inlier_energy.float().sort().values
    last = len(ordered) - 1
    inlier, outlier = (
        float(ordered[round(share * last)])
        for share in (losses.inlier_margin_quantile, losses.outlier_margin_quantile)
    )
    if not inlier < outlier:
        raise ValueError(
            f'inlier energies do not spread: margins {inlier:g} and {outlier:g} nat; '
            'has the closed-set stage learned anything?'
        )
    return Margins(inlier, outlier)


def at_loss_stride(logits: Tensor, labels: Tensor, *, stride: int) -> tuple[Tensor, Tensor]:
    """Bring logits (B, C, h, w) and labels (B, H, W) uint8 to H / stride, W / stride.

    Returns:
        Logits float32, bilinear, and labels int64, every `stride`-th pixel.
    """
    chosen = labels[:, ::stride, ::stride].long()
    resized = F.interpolate(
        logits.float(), size=chosen.shape[1:], mode='bilinear', align_corners=False
    )
    return resized, chosen


def class_weights_from(pixels: Tensor, *, balance: float) -> Tensor:
    """Return the weight of each class in cross-entropy, (K,) float32.

    w_k is in proportion to f_k^-balance for the share f_k of class k, scaled so that a pixel
    weighs 1 on average, then cut at `LARGEST_CLASS_WEIGHT`. Classes that do not occur weigh 1.

    Args:
        pixels: (K,) number of pixels of each class.
        balance: 0 for equal weights, 0.5 for the inverse square root.
    """
    share = pixels.double() / pixels.sum().clamp(min=1)
    weights = share.clamp(min=1e-12) ** -balance
    weights = weights / (share * weights).sum().clamp(min=1e-12)
    weights = weights.clamp(max=LARGEST_CLASS_WEIGHT)
    return weights.where(pixels > 0, 1.0).float()


def closed_set_terms(
    logits: Tensor, labels: Tensor, class_weights: Tensor | None = None
) -> dict[str, Tensor]:
    """Cross-entropy over the inlier classes; outliers and ignored pixels take no part.

    Args:
        logits: (B, K + 1, H, W) float, abstention last.
        labels: (B, H, W) int64.
        class_weights: (K,), of mean 1 over all training pixels; None: all 1.
    """
    inlier = (labels != OUTLIER_ID) & (labels != IGNORE_ID)
    per_pixel = F.cross_entropy(
        logits[:, :-1], labels.where(inlier, 0), class_weights, reduction='none'
    )
    return {'cross_entropy': mean_of(per_pixel, inlier)}


def anomaly_terms(
    logits: Tensor,
    labels: Tensor,
    *,
    losses: LossSettings,
    payoff: Payoff,
    margins: Margins,
    class_weights: Tensor | None = None,
) -> dict[str, Tensor]:
    """Cross-entropy, abstention, energy hinges and regularisers, each with its weight in."""
    outlier = labels == OUTLIER_ID
    inlier = ~outlier & (labels != IGNORE_ID)
    energy = pebal_energy(logits, num_classes=logits.shape[1] - 1)
    abstention = abstention_loss(
        logits, labels, payoff=payoff, outlier_weight=losses.outlier_abstention_weight
    )
    hinges = energy_margin_loss(
        energy,
        inlier,
        outlier,
        inlier_margin=margins.inlier,
        outlier_margin=margins.outlier,
    )
    return {
        **closed_set_terms(logits, labels, class_weights),
        'abstention': losses.abstention_weight * abstention,
        'margins': losses.margin_weight / margins.distance**2 * hinges,
        'smoothness': losses.smoothness_weight * smoothness(energy, inlier),
        'sparsity': losses.sparsity_weight * sparsity(energy, outlier),
    }


def total(terms: dict[str, Tensor]) -> Tensor:
    """Return the sum of the terms, the loss of the step."""
    return torch.stack(list(terms.values())).sum()
