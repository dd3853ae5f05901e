"""The pixel curve of SegmentMeIfYouCan: float16 scores in percentile bins of each image."""

from typing import Final

import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.evaluation.ground_truth import Mask, checked_pixels
from hopfield_pebal_ros.evaluation.operating_points import OperatingPoints

NUM_BINS: Final = 768
"""Half from the percentiles of outlier pixels, half from those of inlier pixels."""

Edges = npt.NDArray[np.float64]


class SmiycCurve:
    """Follows `PixBinaryClass` of road-anomaly-benchmark, bin for bin."""

    def __init__(self) -> None:
        self._thresholds: list[Edges] = []
        self._counts: list[npt.NDArray[np.int64]] = []
        self._totals: npt.NDArray[np.int64] = np.zeros((2, 1), np.int64)

    def add(
        self, energy: npt.NDArray[np.floating], outlier: Mask, valid: Mask | None = None
    ) -> None:
        """Bin the pixels of one image, whose energy is rounded to float16 as their tool stores it.

        Raises:
            TypeError, ValueError: as `PixelCounter.add`, or an energy has no place in float16.
        """
        flat, outlier, valid = checked_pixels(energy, outlier, valid)
        if valid is not None:
            flat, outlier = flat[valid], outlier[valid]
        if flat.size == 0:
            return
        with np.errstate(over='ignore'):  # refused below, with a remedy
            halves = flat.astype(np.float16)
        if not np.isfinite(halves).all():
            raise ValueError(
                f'energies {flat.min()}..{flat.max()} do not fit into float16, which this mode '
                'stores: scale them below 65504 first'
            )
        self._totals += np.array([[outlier.sum()], [(~outlier).sum()]])
        edges = _percentile_edges(halves, outlier)
        counts = [np.histogram(halves[each], bins=edges)[0] for each in (outlier, ~outlier)]
        self._thresholds.append(edges[-2::-1])  # descending; a bin is flagged from its lower edge
        self._counts.append(np.array(counts, np.int64)[:, ::-1])

    def operating_points(self) -> OperatingPoints:
        """Return the pooled curve: every lower edge of every image is a threshold.

        Raises:
            ValueError: no outlier or no inlier was counted.
        """
        thresholds = np.concatenate([np.zeros(0, np.float64), *self._thresholds])
        counts = np.concatenate([np.zeros((2, 0), np.int64), *self._counts], axis=1)
        order = np.argsort(thresholds)[::-1]
        thresholds = np.append(thresholds[order], -np.inf)  # the last point flags everything
        flagged = np.hstack((np.cumsum(counts[:, order], axis=1), self._totals))
        last_of_equal = np.append(thresholds[:-1] != thresholds[1:], True)[: len(thresholds)]
        last_of_equal[:1] = True  # their tool keeps the first point even if an equal one follows
        kept = last_of_equal & flagged.any(axis=0)  # no precision where nothing is flagged
        points = OperatingPoints(
            thresholds[kept].astype(np.float32), flagged[0, kept], flagged[1, kept]
        )
        points.require_both_classes()
        return points


def _percentile_edges(energy: npt.NDArray[np.float16], outlier: Mask) -> Edges:
    """Return ascending, distinct bin edges that surround the energies of one image."""
    low, high = energy.min(), energy.max()
    margin = np.maximum((high - low) * np.float16(1e-2), np.float16(1e-2))
    edges = [np.array([low - margin, high + margin], np.float64)]
    for pixels in (energy[outlier], energy[~outlier]):
        if pixels.size:
            shares = np.linspace(0, 1, min(NUM_BINS // 2, pixels.size))
            edges.append(np.quantile(pixels, shares).astype(np.float64))
    return np.unique(np.concatenate(edges))
