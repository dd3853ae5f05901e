"""PEBAL's energy margins: inliers below one energy, outliers above another."""

from torch import Tensor

from training.losses.selection import mean_of


def energy_margin_loss(
    energy: Tensor, inlier: Tensor, outlier: Tensor, *, inlier_margin: float, outlier_margin: float
) -> Tensor:
    """Half of the mean squared hinges: relu(E - m_in)^2 on inliers, relu(m_out - E)^2 on outliers.

    Liu et al. 2020, eq. 7, with the factor 1/2 of the PEBAL code. The push on outliers ends at
    `outlier_margin`, so it is bounded.

    Args:
        energy: (B, H, W) float [nat], higher is more anomalous; computed in float32.
        inlier: (B, H, W) bool; a pixel in neither mask takes no part.
        outlier: (B, H, W) bool.
        inlier_margin: m_in [nat].
        outlier_margin: m_out [nat].

    Returns:
        Scalar float32.
    """
    energy = energy.float()
    too_high = (energy - inlier_margin).relu().square()
    too_low = (outlier_margin - energy).relu().square()
    return 0.5 * (mean_of(too_high, inlier) + mean_of(too_low, outlier))
