"""Uncertainty of any figure made from sums over images: resample the images, or their scenes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

RESAMPLES: Final = 1000
_BATCH: Final = 64  # resamples summed at a time

Counts = npt.NDArray[np.int64]
Figures = dict[str, float]


@dataclass(frozen=True)
class Interval:
    """Where a figure lies if other images of the same kind were drawn."""

    low: float
    high: float
    level: float  # share of the resamples inside, 0..1
    num_units: int  # images, or scenes, that were resampled


def sums_by_group(counts: Counts, groups: Sequence[str]) -> Counts:
    """Add up the counts of images of one scene: (N, ...) and N names -> (U, ...).

    An image whose group is '' stands alone.
    """
    names = [group or f'\0{index}' for index, group in enumerate(groups)]
    unique, unit = np.unique(names, return_inverse=True)
    sums = np.zeros((len(unique), *counts.shape[1:]), np.int64)
    np.add.at(sums, unit.ravel(), counts)
    return sums


def bootstrap_intervals(
    units: Counts,
    statistic: Callable[[Counts], Figures | None],
    *,
    level: float = 0.95,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> dict[str, Interval]:
    """Return percentile intervals of each figure of `statistic`.

    Efron 1979, "Bootstrap methods: another look at the jackknife": U units are drawn from U with
    replacement, `resamples` times.

    Args:
        units: (U, ...) int64, counts of each independent unit (an image or a scene).
        statistic: summed counts (...) int64 -> figures; None where they are undefined, for
            instance because no outlier was drawn. Such resamples are left out.
        level: share of the resamples inside the interval, 0..1.
        resamples: how many times to draw.
        seed: of the random draw; the same seed gives the same intervals.

    Raises:
        ValueError: fewer than two units, or figures undefined in most resamples.
    """
    num_units = len(units)
    if num_units < 2:
        raise ValueError(
            f'{num_units} image or scene cannot be resampled: at least 2 are needed, and 20 or '
            'more for an interval that means something'
        )
    rng = np.random.default_rng(seed)
    shares = np.full(num_units, 1 / num_units)
    flat = units.reshape(num_units, -1).astype(np.float64)  # exact below 2^53, and BLAS adds it
    drawn: list[Figures] = []
    for start in range(0, resamples, _BATCH):
        times = rng.multinomial(num_units, shares, size=min(_BATCH, resamples - start))
        sums = np.rint(times.astype(np.float64) @ flat).astype(np.int64)
        figures = (statistic(each.reshape(units.shape[1:])) for each in sums)
        drawn.extend(each for each in figures if each is not None)
    if len(drawn) * 2 < resamples:
        raise ValueError(
            f'the figures were undefined in {resamples - len(drawn)} of {resamples} resamples: '
            'too few images have outliers for an interval'
        )
    ends = (50 * (1 - level), 50 * (1 + level))
    intervals = {}
    for name in drawn[0]:
        low, high = np.percentile([each[name] for each in drawn], ends)
        intervals[name] = Interval(float(low), float(high), level, num_units)
    return intervals
