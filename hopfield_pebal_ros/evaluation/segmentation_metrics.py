"""Closed-set segmentation: confusion matrix, IoU per class, mIoU."""

import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.contract.labels import MAX_CLASSES


class ConfusionMatrix:
    """Counts (true class, predicted class) pairs over any number of images."""

    def __init__(self, num_classes: int) -> None:
        if not 1 <= num_classes <= MAX_CLASSES:
            raise ValueError(f'num_classes must be 1..{MAX_CLASSES}, got {num_classes}')
        self.num_classes = num_classes
        self.counts: npt.NDArray[np.int64] = np.zeros((num_classes, num_classes), np.int64)
        """(K, K) pixels: row is the true class, column the predicted one; ranks add up."""

    def add(self, predicted: npt.NDArray[np.integer], truth: npt.NDArray[np.integer]) -> None:
        """Count the pixels of one image.

        Args:
            predicted: (H, W) or (N,) integer, 0..K-1 wherever the truth counts.
            truth: same shape, integer; ids outside 0..K-1 (outlier, ignore) are dropped.

        Raises:
            TypeError: one of them is not integer.
            ValueError: the shapes differ, or a prediction on a counted pixel is not a class.
        """
        for name, label_map in (('predicted', predicted), ('truth', truth)):
            if not np.issubdtype(label_map.dtype, np.integer):
                raise TypeError(f'{name} must hold integer ids, got {label_map.dtype}')
        if predicted.shape != truth.shape:
            raise ValueError(
                f'predicted is {predicted.shape}, truth is {truth.shape}: '
                'bring the prediction to camera size first'
            )
        counted = (truth >= 0) & (truth < self.num_classes)
        true_ids = truth[counted].astype(np.intp)
        predicted_ids = predicted[counted].astype(np.intp)
        if predicted_ids.size and not 0 <= predicted_ids.min() <= predicted_ids.max() < (
            self.num_classes
        ):
            raise ValueError(
                f'predicted ids {predicted_ids.min()}..{predicted_ids.max()} are outside the '
                f'{self.num_classes} classes 0..{self.num_classes - 1}: is it another label set?'
            )
        pairs = true_ids * self.num_classes + predicted_ids
        self.counts += np.bincount(pairs, minlength=self.num_classes**2).reshape(self.counts.shape)

    def merge(self, other: 'ConfusionMatrix') -> None:
        """Add the pixels of another matrix.

        Raises:
            ValueError: it has another number of classes.
        """
        if other.num_classes != self.num_classes:
            raise ValueError(
                f'cannot merge a matrix of {other.num_classes} classes into one of '
                f'{self.num_classes}: were the parts made with one label set?'
            )
        self.counts += other.counts

    def iou_per_class(self) -> npt.NDArray[np.float64]:
        """Return TP / (TP + FP + FN) of each class: (K,), NaN for a class that never occurs."""
        return intersection_over_union(self.counts)

    def miou(self) -> float:
        """Return the mean IoU of the classes that occur in truth or prediction.

        Raises:
            ValueError: no pixel was counted.
        """
        return mean_over_present(self.iou_per_class())

    def to_arrays(self) -> dict[str, npt.NDArray[np.int64]]:
        return {'counts': self.counts}

    @classmethod
    def from_arrays(cls, arrays: dict[str, npt.NDArray[np.int64]]) -> 'ConfusionMatrix':
        matrix = cls(len(arrays['counts']))
        matrix.counts += arrays['counts']
        return matrix


def intersection_over_union(counts: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Return the IoU of each class of a (K, K) confusion matrix: (K,), NaN for an absent class."""
    hits = np.diagonal(counts)
    union = counts.sum(axis=0) + counts.sum(axis=1) - hits
    return np.where(union > 0, hits / np.maximum(union, 1), np.nan)


def mean_over_present(iou: npt.NDArray[np.float64]) -> float:
    """Return the mean of the entries that are not NaN.

    Raises:
        ValueError: all are NaN.
    """
    if np.isnan(iou).all():
        raise ValueError(
            'no pixel has a class: the label maps hold only outlier and ignore ids, or nothing '
            'was added'
        )
    return float(np.nanmean(iou))
