"""Other tools' definitions of AP, AUROC and FPR95, by name: to compare with published numbers."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.evaluation import operating_points
from hopfield_pebal_ros.evaluation.exact_metrics import exact_points
from hopfield_pebal_ros.evaluation.ground_truth import Mask
from hopfield_pebal_ros.evaluation.operating_points import OperatingPoints
from hopfield_pebal_ros.evaluation.pixel_metrics import PixelCounter
from hopfield_pebal_ros.evaluation.smiyc_curve import SmiycCurve

MODES: Final = ('fishyscapes', 'smiyc', 'pebal', 'densehybrid', 'caos')


@dataclass(frozen=True)
class CompatibleFigures:
    """What another tool would print, as fractions 0..1."""

    ap: float
    auroc: float
    fpr95: float


class CompatibleMetric(Protocol):
    """Takes images one at a time."""

    def add(
        self, energy: npt.NDArray[np.floating], outlier: Mask, valid: Mask | None = None
    ) -> None: ...

    def figures(self) -> CompatibleFigures: ...


def open_compatible_metric(mode: str) -> CompatibleMetric:
    """Return an empty metric that follows one tool's definition.

    'fishyscapes' (bdl-benchmark): pooled; FPR at the first TPR >= 0.95; our own definition, too.
    'pebal' (also Meta-OoD, RPL): pooled; FPR at the recall nearest to 0.95.
    'densehybrid': pooled; FPR at the first TPR > 0.95 on scikit-learn's thinned ROC curve.
    'caos' (StreetHazards, anomaly-seg): 'pebal' on each image, then the mean of the images.
    'smiyc' (road-anomaly-benchmark): float16 scores, percentile bins of each image, then pooled.

    The pooled ones count like `PixelCounter`; their functions below take exact points as well.

    Raises:
        ValueError: no such mode; the message lists those there are.
    """
    if mode == 'fishyscapes':
        return PooledMetric(fishyscapes)
    if mode == 'pebal':
        return PooledMetric(pebal)
    if mode == 'densehybrid':
        return PooledMetric(densehybrid)
    if mode == 'caos':
        return ImageMeanMetric(pebal)
    if mode == 'smiyc':
        return SmiycMetric()
    raise ValueError(f'no compatibility mode {mode!r}; there are {", ".join(MODES)}')


def fishyscapes(points: OperatingPoints) -> CompatibleFigures:
    """Return step AP, AUROC, and FPR at the first TPR >= 0.95."""
    return _figures(points, operating_points.false_positive_rate_at(points))


def pebal(points: OperatingPoints) -> CompatibleFigures:
    """Return step AP, AUROC, and FPR where the recall is nearest to 0.95, perhaps below it.

    The search starts at full recall, so the lowest of equally near thresholds wins.
    """
    recall = points.true_positive_rate()
    full = int(np.searchsorted(points.true_positives, points.num_outlier))
    distance = np.abs(recall[full::-1] - 0.95)
    nearest = full - int(np.argmin(distance))
    return _figures(points, float(points.false_positive_rate()[nearest]))


def densehybrid(points: OperatingPoints) -> CompatibleFigures:
    """Return step AP, AUROC, and FPR at the first TPR > 0.95 of scikit-learn's `roc_curve`."""
    kept = _corners(points)
    tpr = np.concatenate(([0.0], points.true_positive_rate()[kept]))
    fpr = np.concatenate(([0.0], points.false_positive_rate()[kept]))
    return _figures(points, float(fpr[np.searchsorted(tpr, 0.95, side='right')]))


class PooledMetric:
    """One definition on the pixels of all images together."""

    def __init__(self, definition: Callable[[OperatingPoints], CompatibleFigures]) -> None:
        self._definition = definition
        self._counter = PixelCounter()

    def add(
        self, energy: npt.NDArray[np.floating], outlier: Mask, valid: Mask | None = None
    ) -> None:
        self._counter.add(energy, outlier, valid)

    def figures(self) -> CompatibleFigures:
        points = self._counter.occupied().operating_points()
        points.require_both_classes()
        return self._definition(points)


class ImageMeanMetric:
    """One definition on each image; the mean over images that have outliers and inliers."""

    def __init__(self, definition: Callable[[OperatingPoints], CompatibleFigures]) -> None:
        self._definition = definition
        self._figures: list[CompatibleFigures] = []

    def add(
        self, energy: npt.NDArray[np.floating], outlier: Mask, valid: Mask | None = None
    ) -> None:
        points = exact_points(energy, outlier, valid)
        if points.num_outlier and points.num_inlier:
            self._figures.append(self._definition(points))

    def figures(self) -> CompatibleFigures:
        if not self._figures:
            raise ValueError('no image has outlier and inlier pixels: check the label ids')
        values = [(each.ap, each.auroc, each.fpr95) for each in self._figures]
        ap, auroc, fpr95 = np.mean(values, axis=0)
        return CompatibleFigures(float(ap), float(auroc), float(fpr95))


class SmiycMetric:
    """The curve of SegmentMeIfYouCan's `PixBinaryClass`."""

    def __init__(self) -> None:
        self._curve = SmiycCurve()

    def add(
        self, energy: npt.NDArray[np.floating], outlier: Mask, valid: Mask | None = None
    ) -> None:
        self._curve.add(energy, outlier, valid)

    def figures(self) -> CompatibleFigures:
        return fishyscapes(self._curve.operating_points())


def _figures(points: OperatingPoints, fpr95: float) -> CompatibleFigures:
    return CompatibleFigures(
        ap=operating_points.average_precision(points),
        auroc=operating_points.area_under_roc(points),
        fpr95=fpr95,
    )


def _corners(points: OperatingPoints) -> npt.NDArray[np.intp]:
    """Return the points that scikit-learn keeps: where the ROC curve bends, and both ends."""
    bends = np.ones(len(points.thresholds), np.bool_)
    if len(bends) > 2:
        bends[1:-1] = (np.diff(points.true_positives, 2) != 0) | (
            np.diff(points.false_positives, 2) != 0
        )
    return np.flatnonzero(bends)
