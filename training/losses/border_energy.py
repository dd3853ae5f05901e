"""Hopfield Boosting's loss: drive pixels away from the border of two pattern memories."""

from torch import Tensor

from hopfield_pebal_ros.contract.energy import border_energy
from training.losses.selection import mean_of
from training.losses.world import ALONE, World


def border_energy_loss(
    inlier_energy: Tensor,
    outlier_energy: Tensor,
    selected: Tensor,
    *,
    beta: Tensor | float,
    world: World = ALONE,
) -> Tensor:
    """Mean border energy; it falls as pixels move deeper into the side where they are.

    Hofmann et al. 2024, "Energy-based Hopfield Boosting", L_OOD. It is blind to which side is the
    right one: the authors' memories are the batch itself, so each pixel is near its own side.
    With learned patterns, add `dataset_posterior_loss` on beta (E_i - E_o).

    Args:
        inlier_energy: (B, H, W) float, Hopfield energy of the inlier memory; computed in float32.
        outlier_energy: the same of the outlier memory.
        selected: (B, H, W) bool, inlier and outlier pixels that take part.
        beta: inverse temperature of memories and border, > 0 (the authors': 4 for all).
        world: processes that share the batch.

    Returns:
        Scalar float32, at most 0.
    """
    border = border_energy(inlier_energy.float(), outlier_energy.float(), beta=beta)
    return mean_of(border, selected, world=world)


def border_weights(
    inlier_energy: Tensor, outlier_energy: Tensor, *, beta: Tensor | float
) -> Tensor:
    """How hard a pixel is: exp(beta E_b), the squared hyperbolic secant of beta (E_i - E_o) / 2.

    Hofmann et al. 2024 draw outliers in proportion to it.

    Args:
        inlier_energy: (B, H, W) float; computed in float32.
        outlier_energy: (B, H, W) float.
        beta: inverse temperature, > 0.

    Returns:
        (B, H, W) float32 in 0..1 without gradient; 1 on the border.
    """
    border = border_energy(inlier_energy.float(), outlier_energy.float(), beta=beta)
    weights: Tensor = (beta * border).exp()
    return weights.detach()
