"""The threshold metrics, written once for every way of counting: AP, AUROC, FPR at a TPR, F1."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class OperatingPoints:
    """What each threshold flags: pixels with energy >= threshold, outliers being positive.

    All three are (N,), ordered from the highest threshold to the lowest; equal energies are one
    point. The last point flags every pixel.
    """

    thresholds: npt.NDArray[np.float32]
    true_positives: npt.NDArray[np.int64]
    false_positives: npt.NDArray[np.int64]

    @property
    def num_outlier(self) -> int:
        return int(self.true_positives[-1]) if len(self.true_positives) else 0

    @property
    def num_inlier(self) -> int:
        return int(self.false_positives[-1]) if len(self.false_positives) else 0

    def true_positive_rate(self) -> npt.NDArray[np.float64]:
        return self.true_positives / self.num_outlier

    def false_positive_rate(self) -> npt.NDArray[np.float64]:
        return self.false_positives / self.num_inlier

    def precision(self) -> npt.NDArray[np.float64]:
        flagged = self.true_positives + self.false_positives
        return np.where(flagged > 0, self.true_positives / np.maximum(flagged, 1), 1.0)

    def require_both_classes(self) -> None:
        """Refuse figures that mean nothing.

        Raises:
            ValueError: no outlier pixel or no inlier pixel was counted.
        """
        for name, count in (('outlier', self.num_outlier), ('inlier', self.num_inlier)):
            if count == 0:
                raise ValueError(
                    f'no {name} pixel among the {self.num_outlier + self.num_inlier} counted: '
                    'AP, AUROC and FPR95 need outliers and inliers; check the label ids and '
                    'the valid mask, or pool more images'
                )


def from_class_counts(
    thresholds: npt.NDArray[np.float32],
    outlier: npt.NDArray[np.integer],
    inlier: npt.NDArray[np.integer],
) -> OperatingPoints:
    """Add up the pixels per energy, given in ascending order of energy, all (N,)."""
    return OperatingPoints(
        thresholds[::-1],
        np.cumsum(outlier[::-1], dtype=np.int64),
        np.cumsum(inlier[::-1], dtype=np.int64),
    )


def average_precision(points: OperatingPoints) -> float:
    """Area under precision over recall as a step sum: AP = sum_n (R_n - R_{n-1}) P_n.

    The trapezoid is not used: it flatters saturated scores (43 against 4 % on the same scores).
    """
    steps = np.diff(points.true_positive_rate(), prepend=0.0)
    return float(np.sum(steps * points.precision()))


def area_under_roc(points: OperatingPoints) -> float:
    """Chance that an outlier pixel has more energy than an inlier pixel, ties counting half."""
    fpr = np.concatenate(([0.0], points.false_positive_rate()))
    tpr = np.concatenate(([0.0], points.true_positive_rate()))
    return float(np.sum(np.diff(fpr) * (tpr[1:] + tpr[:-1]) / 2))


def false_positive_rate_at(points: OperatingPoints, true_positive_rate: float = 0.95) -> float:
    """Share of inlier pixels flagged by the highest threshold with TPR >= `true_positive_rate`."""
    first = np.searchsorted(points.true_positive_rate(), true_positive_rate, side='left')
    return float(points.false_positive_rate()[first])


def best_f1(points: OperatingPoints) -> tuple[float, float]:
    """Return the best F1 of flagged pixels and its threshold, the highest one of equals."""
    flagged = points.true_positives + points.false_positives
    f1 = 2 * points.true_positives / (flagged + points.num_outlier)
    best = int(np.argmax(f1))
    return float(f1[best]), float(points.thresholds[best])


def largest_tie(points: OperatingPoints) -> float:
    """Largest share of the outlier pixels that one threshold adds: near 0 for healthy energies."""
    return float(np.max(np.diff(points.true_positives, prepend=0)) / points.num_outlier)
