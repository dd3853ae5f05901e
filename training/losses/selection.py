"""Sums, means and norms over selected pixels of a batch; zero where nothing is selected."""

from typing import Final

from torch import Tensor

from hopfield_pebal_ros.contract.labels import IGNORE_ID, OUTLIER_ID
from training.losses.world import ALONE, World

_SMALLEST_NORM: Final = 1e-12
_SMALLEST_WEIGHT: Final = 1e-6


def inlier_and_outlier(labels: Tensor) -> tuple[Tensor, Tensor]:
    """Return the masks of inlier and of outlier pixels; an ignored pixel is in neither.

    Args:
        labels: (B, H, W) integer.

    Returns:
        Two (B, H, W) bool.
    """
    outlier = labels == OUTLIER_ID
    return ~outlier & (labels != IGNORE_ID), outlier


def mean_of(values: Tensor, selected: Tensor, *, world: World = ALONE) -> Tensor:
    """Mean of `values` where `selected` is true; 0, still attached to the graph, where none is.

    Args:
        values: any shape, float.
        selected: bool of the same shape.
        world: processes that share the batch; the average over them is the mean.

    Returns:
        Scalar in the dtype of `values`. Values that are not selected have no influence, not even
        where they are infinite or not a number.
    """
    num_selected = world.sum(selected.sum()).clamp(min=1)
    return sum_of(values, selected, world=world) / num_selected


def weighted_mean_of(
    values: Tensor, weights: Tensor, selected: Tensor, *, world: World = ALONE
) -> Tensor:
    """Mean of `values` by `weights` >= 0, of the same shape; else as `mean_of`."""
    sum_of_weights = world.sum(weights.where(selected, 0).sum()).clamp(min=_SMALLEST_WEIGHT)
    return sum_of(weights * values, selected, world=world) / sum_of_weights


def sum_of(values: Tensor, selected: Tensor, *, world: World = ALONE) -> Tensor:
    """Sum of `values` where `selected` is true; arguments and result as those of `mean_of`."""
    return world.num_processes * values.where(selected, 0).sum()


def norm_of(values: Tensor, selected: Tensor, *, world: World = ALONE) -> Tensor:
    """Euclidean norm of the selected `values`; gradient 0 where all of them are 0.

    Args and result as those of `mean_of`. Value and gradient of sqrt(S) come from its tangent
    at the S of all processes, which alone is known everywhere.
    """
    squares = sum_of(values.square(), selected, world=world)
    norm = (world.sum(squares) / world.num_processes).sqrt()
    return 0.5 * (squares / norm.clamp(min=_SMALLEST_NORM) + norm)
