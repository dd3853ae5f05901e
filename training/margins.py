"""Where the hinges of the anomaly stage stand, by the network's own inlier energies."""

from dataclasses import dataclass

from torch import Tensor

from training.loss_settings import LossSettings


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
        losses: the two quantiles, or margins that are given.

    Raises:
        ValueError: no pixels, or all have one energy.
    """
    if losses.inlier_margin is not None and losses.outlier_margin is not None:
        return Margins(losses.inlier_margin, losses.outlier_margin)
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
