"""Reliability of the energy: which share of the pixels at each energy is an outlier?"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.evaluation.pixel_metrics import SparseCounts
from hopfield_pebal_ros.evaluation.score_keys import from_keys

NUM_LEVELS: Final = 20


@dataclass(frozen=True)
class EnergyReliability:
    """Levels of rising energy; a trustworthy energy has a rising share."""

    lowest_energy: npt.NDArray[np.float32]  # (L,) where each level begins
    outlier_share: npt.NDArray[np.float64]  # (L,) 0..1
    num_pixels: npt.NDArray[np.int64]  # (L,)


def energy_reliability(counts: SparseCounts, num_levels: int = NUM_LEVELS) -> EnergyReliability:
    """Cut the energies into levels that hold equal parts of the outliers, and look into each.

    Count wrongly classified pixels in place of outliers to see whether energy warns of mistakes.

    Raises:
        ValueError: no outlier was counted.
    """
    num_outlier = int(counts.outlier.sum())
    if num_outlier == 0:
        raise ValueError('no outlier pixel was counted: the energy has nothing to be right about')
    before = np.cumsum(counts.outlier) - counts.outlier
    level = before * num_levels // num_outlier
    # a level begins at its first outlier; the keys below the first one belong to the lowest level
    level = np.minimum(level, num_levels - 1)
    first = np.flatnonzero(np.diff(level, prepend=-1))
    outlier = np.add.reduceat(counts.outlier, first)
    pixels = outlier + np.add.reduceat(counts.inlier, first)
    return EnergyReliability(from_keys(counts.keys[first]), outlier / pixels, pixels)
