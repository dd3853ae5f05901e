"""Convex weights of standardised energies: what best tells outlier pixels from inlier pixels."""

from typing import Final

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor

SMALLEST_WEIGHT: Final = 0.01
"""An energy that would weigh less is left out: the graph computes it for nothing."""

_RIDGE: Final = 1e-4  # keeps separable samples finite and lets equal energies share
_MAX_ITERATIONS: Final = 300


def fusion_weights(
    energies: npt.NDArray[np.floating], is_outlier: npt.NDArray[np.bool_]
) -> npt.NDArray[np.float64]:
    """Fit the weights w >= 0, sum w = 1, of the energy sum_i w_i z_i.

    Minimises the logistic loss of s (sum_i w_i z_i) + b over w, a scale s > 0 and an offset b,
    each class counting one half. In v = s w >= 0 this is convex; v is the square of what the
    optimiser moves, so no step leaves the set. The start is equal weights: no random choice.

    Args:
        energies: (P, C) float z, in inlier standard deviations, of sampled pixels.
        is_outlier: (P,) bool; both kinds must occur.

    Returns:
        (C,) float64; weights below `SMALLEST_WEIGHT` are 0 and the others scaled to sum 1.

    Raises:
        ValueError: one kind of pixel is missing, an energy is not finite, or no energy is higher
            on outliers than on inliers.
    """
    if is_outlier.all() or not is_outlier.any():
        raise ValueError(
            f'fusion weights need outlier and inlier pixels, got {int(is_outlier.sum())} outlier '
            f'pixels of {is_outlier.size}; give training frames with pasted outliers'
        )
    if not np.isfinite(energies).all():
        raise ValueError('an energy to fuse is not finite; training diverged')
    scaled = _minimiser(torch.from_numpy(energies).double(), torch.from_numpy(is_outlier))
    weights = scaled / max(float(scaled.sum()), 1e-12)
    if float(scaled.sum()) < 1e-3:
        raise ValueError(
            'no energy is higher on outliers than on inliers of the training composites; '
            'train longer, or look at what was pasted: python -m training.preview_data'
        )
    weights = weights.where(weights >= SMALLEST_WEIGHT, 0.0)
    fitted: npt.NDArray[np.float64] = (weights / weights.sum()).numpy()
    return fitted


def _minimiser(energies: Tensor, is_outlier: Tensor) -> Tensor:
    """Return v = s w, (C,) float64 >= 0, of the smallest loss."""
    root = torch.full((energies.shape[1],), energies.shape[1] ** -0.5, dtype=torch.float64)
    root.requires_grad_()
    offset = torch.zeros((), dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS(
        [root, offset],
        max_iter=_MAX_ITERATIONS,
        tolerance_grad=1e-9,
        tolerance_change=1e-12,
        line_search_fn='strong_wolfe',
    )

    def loss() -> float:
        optimizer.zero_grad()
        logits = energies @ root.square() + offset
        value = F.softplus(-logits[is_outlier]).mean() + F.softplus(logits[~is_outlier]).mean()
        value = 0.5 * value + _RIDGE * root.pow(4).sum()
        value.backward()
        return value.item()

    optimizer.step(loss)
    return root.detach().square()
