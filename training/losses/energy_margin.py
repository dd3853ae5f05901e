"""PEBAL's energy margins: inliers below one energy, outliers above another."""

from torch import Tensor

from training.losses.selection import mean_of
from training.losses.world import ALONE, World


def energy_margin_loss(
    energy: Tensor,
    inlier: Tensor,
    outlier: Tensor,
    *,
    inlier_margin: float,
    outlier_margin: float,
    is_published: bool = False,
    world: World = ALONE,
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
        is_published: PEBAL's code, where inliers count in full in a batch without outliers.
        world: processes that share the batch.

    Returns:
        Scalar float32.
    """
    energy = energy.float()
    too_high = mean_of((energy - inlier_margin).relu().square(), inlier, world=world)
    too_low = mean_of((outlier_margin - energy).relu().square(), outlier, world=world)
    if not is_published:
        return 0.5 * (too_high + too_low)
    has_outliers = world.sum(outlier.any().int()) > 0
    return too_high * (1 - 0.5 * has_outliers.float()) + 0.5 * too_low
