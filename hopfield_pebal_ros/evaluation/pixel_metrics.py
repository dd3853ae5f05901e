"""Pixel metrics over any number of images: integer counters on a key of the energy, mergeable."""

import logging
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.evaluation import operating_points
from hopfield_pebal_ros.evaluation.curves import Curves, thin_curves
from hopfield_pebal_ros.evaluation.ground_truth import Mask, checked_pixels
from hopfield_pebal_ros.evaluation.operating_points import OperatingPoints
from hopfield_pebal_ros.evaluation.score_keys import NUM_KEYS, from_keys, to_keys

SATURATED_SHARE: Final = 0.01
"""More outlier pixels than this on one key make AP depend on how ties are broken."""

_CHUNK: Final = 1 << 16  # pixels counted at a time: temporary arrays stay in the cache
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class PixelFigures:
    """Pixel metrics of one set, pooled over all its pixels; fractions 0..1, outlier positive."""

    ap: float  # step sum
    auroc: float
    fpr95: float  # at the highest threshold with TPR >= 0.95
    best_f1: float
    best_f1_threshold: float  # flags energy >= threshold; in the unit of the energy
    num_outlier: int
    num_inlier: int
    largest_tie: float  # largest share of the outliers with one energy


@dataclass(frozen=True)
class SparseCounts:
    """Pixels per occupied key, ascending; all (N,): what one image or a saved file holds."""

    keys: npt.NDArray[np.uint32]
    inlier: npt.NDArray[np.int64]
    outlier: npt.NDArray[np.int64]

    def operating_points(self) -> OperatingPoints:
        return operating_points.from_class_counts(from_keys(self.keys), self.outlier, self.inlier)


class PixelCounter:
    """Counts inlier and outlier pixels per energy key; memory does not grow with the images.

    Energies need no known range. Two energies closer than 1 part in 65536 of their size may count
    as a tie (1 in 1024 below 2^-16 and above 2^16), which moves AP, AUROC and FPR95 by less than
    1e-4 unless the energies are saturated.
    """

    def __init__(self) -> None:
        # zeros come from the system page by page: only keys that occur take memory
        self.counts: npt.NDArray[np.int64] = np.zeros((2, NUM_KEYS), np.int64)
        """(2, NUM_KEYS) inlier and outlier pixels per key; the sum over ranks merges them."""

    def add(
        self, energy: npt.NDArray[np.floating], outlier: Mask, valid: Mask | None = None
    ) -> None:
        """Count the pixels of one image.

        Args:
            energy: (H, W) or (N,) float, counted as float32; higher is more anomalous.
            outlier: same shape, bool.
            valid: same shape, bool, pixels that count; None means all.

        Raises:
            TypeError: energy is not float, or a mask is not bool.
            ValueError: the shapes differ, or a valid pixel is NaN. Nothing was counted then.
        """
        energy, outlier, valid = checked_pixels(energy, outlier, valid)
        flat_counts = self.counts.reshape(-1)
        for start in range(0, energy.size, _CHUNK):
            chunk = slice(start, start + _CHUNK)
            index = to_keys(energy[chunk])
            index += outlier[chunk] * np.int32(NUM_KEYS)
            if valid is not None:
                index = index[valid[chunk]]
            np.add.at(flat_counts, index.astype(np.intp), 1)

    def merge(self, other: 'PixelCounter') -> None:
        """Add the pixels of another counter."""
        self.add_sparse(other.occupied())

    def occupied(self) -> SparseCounts:
        """Return the keys that have pixels."""
        keys = np.flatnonzero((self.counts[0] != 0) | (self.counts[1] != 0))
        return SparseCounts(keys.astype(np.uint32), self.counts[0, keys], self.counts[1, keys])

    def take(self) -> SparseCounts:
        """Return the keys that have pixels and start again from zero."""
        sparse = self.occupied()
        self.counts[:, sparse.keys] = 0
        return sparse

    def add_sparse(self, sparse: SparseCounts) -> None:
        """Add pixels that were counted elsewhere."""
        self.counts[0, sparse.keys] += sparse.inlier
        self.counts[1, sparse.keys] += sparse.outlier

    def figures(self) -> PixelFigures:
        """Return the metrics of all pixels so far.

        Raises:
            ValueError: no outlier or no inlier was counted.
        """
        return figures_of(self.occupied().operating_points())

    def curves(self) -> Curves:
        """Return ROC, precision-recall and histogram, small enough to plot.

        Raises:
            ValueError: no outlier or no inlier was counted.
        """
        return thin_curves(self.occupied().operating_points())

    def to_arrays(self) -> dict[str, npt.NDArray[np.int64]]:
        """Return what `from_arrays` needs: small integer arrays for an npz file."""
        sparse = self.occupied()
        return {
            'num_keys': np.array(NUM_KEYS, np.int64),
            'keys': sparse.keys.astype(np.int64),
            'inlier': sparse.inlier,
            'outlier': sparse.outlier,
        }

    @classmethod
    def from_arrays(cls, arrays: dict[str, npt.NDArray[np.int64]]) -> 'PixelCounter':
        """Make the counter that `to_arrays` described.

        Raises:
            ValueError: the arrays were counted with other keys.
        """
        if int(arrays['num_keys']) != NUM_KEYS:
            raise ValueError(
                f'these counters have {int(arrays["num_keys"])} keys, this version counts '
                f'with {NUM_KEYS}: run the shards again with one version'
            )
        counter = cls()
        keys = arrays['keys'].astype(np.uint32)
        counter.add_sparse(SparseCounts(keys, arrays['inlier'], arrays['outlier']))
        return counter


def figures_of(points: OperatingPoints) -> PixelFigures:
    """Return the pixel metrics of any operating points.

    Raises:
        ValueError: no outlier or no inlier was counted.
    """
    points.require_both_classes()
    f1, f1_threshold = operating_points.best_f1(points)
    tie = operating_points.largest_tie(points)
    if tie > SATURATED_SHARE:
        _LOG.warning(
            'saturated energies: %.1f %% of the outlier pixels share one value, so AP depends on '
            'ties; store energies as float32 and without a sigmoid',
            100 * tie,
        )
    return PixelFigures(
        ap=operating_points.average_precision(points),
        auroc=operating_points.area_under_roc(points),
        fpr95=operating_points.false_positive_rate_at(points),
        best_f1=f1,
        best_f1_threshold=f1_threshold,
        num_outlier=points.num_outlier,
        num_inlier=points.num_inlier,
        largest_tie=tie,
    )
