"""Expected calibration error: does a confidence of 0.8 mean 8 right out of 10?"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.evaluation.ground_truth import Mask

NUM_BINS: Final = 15

_FIXED_POINT: Final = 1 << 20  # confidences as integers: merging is exact in any order


@dataclass(frozen=True)
class Reliability:
    """A reliability diagram; bins of equal width over 0..1, NaN where a bin is empty."""

    confidence: npt.NDArray[np.float64]  # (B,) mean confidence of the bin
    accuracy: npt.NDArray[np.float64]  # (B,) share of its pixels that are right
    num_pixels: npt.NDArray[np.int64]  # (B,)


class CalibrationCounter:
    """Counts right and wrong pixels per confidence bin; mergeable."""

    def __init__(self, num_bins: int = NUM_BINS) -> None:
        if num_bins < 1:
            raise ValueError(f'num_bins must be at least 1, got {num_bins}')
        self.counts: npt.NDArray[np.int64] = np.zeros((3, num_bins), np.int64)
        """(3, B) pixels, right pixels, sum of confidences in units of 2^-20."""

    def add(
        self, confidence: npt.NDArray[np.floating], correct: Mask, valid: Mask | None = None
    ) -> None:
        """Count the pixels of one image, all (H, W) or (N,).

        Args:
            confidence: float, 0..1, such as the largest class probability.
            correct: bool, whether the predicted class is the true one.
            valid: bool, pixels that count; None means all.

        Raises:
            ValueError: the shapes differ, or a confidence that counts is not in 0..1.
        """
        if correct.shape != confidence.shape or (
            valid is not None and valid.shape != confidence.shape
        ):
            raise ValueError(f'confidence is {confidence.shape}, the masks must have that shape')
        chosen = np.ones_like(correct) if valid is None else valid
        values = confidence[chosen].astype(np.float64)
        if values.size and not (values.min() >= 0 and values.max() <= 1):
            raise ValueError(
                f'confidence must be 0..1, got {values.min()}..{values.max()}: '
                'apply the softmax first'
            )
        num_bins = self.counts.shape[1]
        # bins are open on the left, (0, 1/B] and so on, as in Guo et al. 2017
        index = np.clip(np.ceil(values * num_bins).astype(np.intp) - 1, 0, num_bins - 1)
        fixed = np.rint(values * _FIXED_POINT).astype(np.int64)
        np.add.at(self.counts[0], index, 1)
        np.add.at(self.counts[1], index, correct[chosen].astype(np.int64))
        np.add.at(self.counts[2], index, fixed)

    def merge(self, other: 'CalibrationCounter') -> None:
        """Add the pixels of another counter with as many bins."""
        if other.counts.shape != self.counts.shape:
            raise ValueError(
                f'cannot merge {other.counts.shape[1]} bins into {self.counts.shape[1]}'
            )
        self.counts += other.counts

    def reliability(self) -> Reliability:
        """Return confidence against accuracy, bin by bin."""
        pixels = self.counts[0]
        filled = np.where(pixels > 0, pixels, 1)
        confidence = np.where(pixels > 0, self.counts[2] / _FIXED_POINT / filled, np.nan)
        accuracy = np.where(pixels > 0, self.counts[1] / filled, np.nan)
        return Reliability(confidence, accuracy, pixels.copy())

    def ece(self) -> float:
        """Return the gap between confidence and accuracy, averaged over pixels: 0..1.

        Guo et al. 2017, "On calibration of modern neural networks", equation 3.

        Raises:
            ValueError: no pixel was counted.
        """
        total = int(self.counts[0].sum())
        if total == 0:
            raise ValueError('no pixel was counted: the calibration error has no value')
        gap = np.abs(self.counts[1] - self.counts[2] / _FIXED_POINT)
        return float(gap.sum() / total)

    def to_arrays(self) -> dict[str, npt.NDArray[np.int64]]:
        """Return what `from_arrays` needs."""
        return {'counts': self.counts}

    @classmethod
    def from_arrays(cls, arrays: dict[str, npt.NDArray[np.int64]]) -> 'CalibrationCounter':
        """Make the counter that `to_arrays` described."""
        counter = cls(arrays['counts'].shape[1])
        counter.counts += arrays['counts']
        return counter
