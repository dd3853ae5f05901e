"""Many directions made few: spherical k-means, and patterns that move with a stream."""

from dataclasses import dataclass
from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor

_DEAD_SHARE: Final = 0.1
"""Of an even share of the pixels; a moving pattern with less is dead."""
_SPLIT: Final = 0.05
"""Length by which each half of a split pattern is pushed aside."""


def condensed(
    rows: Tensor, count: int, *, generator: torch.Generator, num_rounds: int = 20
) -> Tensor:
    """Return `count` unit directions that rows cluster around, by spherical k-means.

    A direction that no row is nearest to moves to the row that is served worst.

    Args:
        rows: (P, D) float of any length, P > 0; fewer than `count` are repeated.
        count: M.
        generator: chooses the rows to start from.
        num_rounds: at most; it ends where no row changes its direction.

    Returns:
        (M, D) float32 of length 1.
    """
    unit = F.normalize(rows.float(), dim=1)
    order = torch.randperm(len(unit), generator=generator)
    centres = unit[order.repeat(-(-count // len(order)))[:count]]
    nearest = torch.full((len(unit),), -1)
    for _ in range(num_rounds):
        closeness, found = (unit @ centres.T).max(dim=1)
        if torch.equal(found, nearest):
            break
        nearest = found
        centres = _means(unit, nearest, centres)
        dead = torch.bincount(nearest, minlength=count) == 0
        worst = closeness.argsort()[: int(dead.sum())]
        centres[dead.nonzero()[: len(worst), 0]] = unit[worst]
    return centres


@dataclass(frozen=True)
class MovingPatterns:
    """Directions that follow a stream, and how busy each of them is."""

    directions: Tensor
    """(M, D) float32 of length 1."""
    usage: Tensor
    """(M,) moving mean of the share of pixels nearest to each; sum 1."""


def started_at(rows: Tensor, count: int, *, generator: torch.Generator) -> MovingPatterns:
    """Return `count` patterns that start from the clusters of the first rows (P, D)."""
    directions = condensed(rows, count, generator=generator)
    return MovingPatterns(directions, torch.full((count,), 1 / count))


def moved(
    patterns: MovingPatterns, rows: Tensor, *, momentum: float, generator: torch.Generator
) -> MovingPatterns:
    """Turn each pattern towards the mean of the rows (P, D) that are nearest to it.

    A dead pattern takes over one half of the busiest: both lie a little beside where it was.

    Raises:
        ValueError: momentum out of range.
    """
    if not 0 <= momentum < 1:
        raise ValueError(f'pattern momentum must be in [0, 1), got {momentum}')
    unit, count = F.normalize(rows.float(), dim=1), len(patterns.usage)
    nearest = (unit @ patterns.directions.T).argmax(dim=1)
    pixels = torch.bincount(nearest, minlength=count)
    means = _means(unit, nearest, patterns.directions)
    mixed = F.normalize(momentum * patterns.directions + (1 - momentum) * means, dim=1)
    directions = mixed.where(pixels[:, None] > 0, patterns.directions)
    usage = momentum * patterns.usage + (1 - momentum) * pixels / max(1, len(unit))
    for dead in (usage < _DEAD_SHARE / count).nonzero()[:, 0].tolist():
        busiest = int(usage.argmax())
        aside = _SPLIT * F.normalize(torch.randn(unit.shape[1], generator=generator), dim=0)
        directions[dead] = F.normalize(directions[busiest] - aside, dim=0)
        directions[busiest] = F.normalize(directions[busiest] + aside, dim=0)
        usage[dead] = usage[busiest] = usage[busiest] / 2
    return MovingPatterns(directions, usage / usage.sum())


def _means(unit: Tensor, nearest: Tensor, before: Tensor) -> Tensor:
    """Return the mean directions (M, D) of rows by their nearest one; `before` where none is."""
    sums = torch.zeros_like(before).index_add_(0, nearest, unit)
    is_known = sums.square().sum(dim=1, keepdim=True) > 1e-12  # opposite rows cancel
    return F.normalize(sums, dim=1).where(is_known, before)
