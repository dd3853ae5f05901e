"""ROC, precision-recall and energy histogram as arrays small enough to plot."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.evaluation.operating_points import OperatingPoints

NUM_POINTS: Final = 400
NUM_BINS: Final = 100
_SHOWN_SHARE: Final = (
    0.9995  # the histogram spans this share of each class; the rest is at its ends
)

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Curves:
    """Points of the exact curves, highest threshold first, and a histogram of both classes."""

    thresholds: Floats  # (N,)
    fpr: Floats  # (N,) share of the inliers flagged
    tpr: Floats  # (N,) share of the outliers flagged: recall
    precision: Floats  # (N,)
    bin_edges: Floats  # (B + 1,) energies, equally wide bins
    inlier_counts: npt.NDArray[np.int64]  # (B,) pixels; what lies outside is in the end bins
    outlier_counts: npt.NDArray[np.int64]  # (B,)


def thin_curves(
    points: OperatingPoints, *, num_points: int = NUM_POINTS, num_bins: int = NUM_BINS
) -> Curves:
    """Keep the operating points nearest to equal steps of TPR, FPR and log FPR; bin the energies.

    Raises:
        ValueError: no outlier or no inlier was counted.
    """
    points.require_both_classes()
    tpr, fpr = points.true_positive_rate(), points.false_positive_rate()
    steps = np.linspace(0.0, 1.0, num_points)
    small_steps = np.geomspace(1e-6, 1.0, num_points)
    wanted = [np.searchsorted(tpr, steps), np.searchsorted(fpr, steps)]
    wanted.append(np.searchsorted(fpr, small_steps))
    kept = np.unique(np.minimum(np.concatenate(wanted), len(tpr) - 1))
    edges = _bin_edges(points, num_bins)
    return Curves(
        thresholds=points.thresholds[kept].astype(np.float64),
        fpr=fpr[kept],
        tpr=tpr[kept],
        precision=points.precision()[kept],
        bin_edges=edges,
        inlier_counts=_binned(points.thresholds, points.false_positives, edges),
        outlier_counts=_binned(points.thresholds, points.true_positives, edges),
    )


def _bin_edges(points: OperatingPoints, num_bins: int) -> Floats:
    """Span the bulk of both classes, so that one stray energy does not flatten the picture."""
    finite = np.isfinite(points.thresholds)
    if not finite.any():
        return np.linspace(-1.0, 1.0, num_bins + 1)
    ends = []
    for rate in (points.true_positive_rate(), points.false_positive_rate()):
        for share in (_SHOWN_SHARE, 1 - _SHOWN_SHARE):
            energy = float(
                points.thresholds[min(int(np.searchsorted(rate, share)), len(rate) - 1)]
            )
            if np.isfinite(energy):
                ends.append(energy)
    low, high = (min(ends), max(ends)) if ends else _finite_ends(points.thresholds[finite])
    return np.linspace(low, high if high > low else low + 1.0, num_bins + 1)


def _finite_ends(finite_thresholds: npt.NDArray[np.float32]) -> tuple[float, float]:
    return float(finite_thresholds.min()), float(finite_thresholds.max())


def _binned(
    thresholds: npt.NDArray[np.float32], flagged: npt.NDArray[np.int64], edges: Floats
) -> npt.NDArray[np.int64]:
    bins = np.clip(np.searchsorted(edges, thresholds, side='right') - 1, 0, len(edges) - 2)
    counts = np.zeros(len(edges) - 1, np.int64)
    np.add.at(counts, bins, np.diff(flagged, prepend=0))
    return counts
