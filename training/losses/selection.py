"""Means over selected pixels, zero where nothing is selected."""

from torch import Tensor


def mean_of(values: Tensor, selected: Tensor) -> Tensor:
    """Mean of `values` where `selected` is true; 0, still attached to the graph, where none is.

    Args:
        values: any shape, float.
        selected: bool of the same shape.

    Returns:
        Scalar in the dtype of `values`. Values that are not selected have no influence, not even
        where they are infinite or not a number.
    """
    kept = values.where(selected, 0)
    return kept.sum() / selected.sum().clamp(min=1)
