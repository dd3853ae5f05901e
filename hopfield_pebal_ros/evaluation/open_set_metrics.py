"""Segmentation with a reject option: open-mIoU, and mIoU of what was not rejected."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.contract.labels import OUTLIER_ID
from hopfield_pebal_ros.evaluation.ground_truth import Mask
from hopfield_pebal_ros.evaluation.segmentation_metrics import (
    intersection_over_union,
    mean_over_present,
)


@dataclass(frozen=True)
class OpenSetFigures:
    """Segmentation metrics under anomaly rejection, fractions 0..1."""

    open_miou: float  # a missed outlier and a rejected inlier are both mistakes
    anomaly_iou: float  # IoU of the rejected pixels with the outliers; NaN where neither occurs
    closed_miou: float  # nothing rejected
    miou_of_accepted: float  # inlier pixels that were not rejected; the rejected are not judged
    rejected_inlier_share: float  # the price of the line above


class OpenSetCounter:
    """Counts truth, prediction and rejection together; mergeable."""

    def __init__(self, num_classes: int) -> None:
        self.counts: npt.NDArray[np.int64] = np.zeros((num_classes + 1, num_classes, 2), np.int64)
        """(K+1, K, 2) pixels: true class, the outlier last; predicted class; rejected or not."""

    def add(
        self, predicted: npt.NDArray[np.integer], rejected: Mask, truth: npt.NDArray[np.integer]
    ) -> None:
        """Count the pixels of one image, all (H, W) or (N,).

        Args:
            predicted: integer class of the closed-set prediction, 0..K-1 wherever truth counts.
            rejected: bool, energy >= threshold.
            truth: integer, 0..K-1 or `OUTLIER_ID`; every other id is dropped.

        Raises:
            TypeError: `rejected` is not bool.
            ValueError: the shapes differ, or a prediction on a counted pixel is not a class.
        """
        if rejected.dtype != np.bool_:
            raise TypeError(
                f'rejected must be bool, got {rejected.dtype}: compare the energy with a threshold'
            )
        if not predicted.shape == rejected.shape == truth.shape:
            raise ValueError(
                f'predicted {predicted.shape}, rejected {rejected.shape} and truth {truth.shape} '
                'must have one shape: bring the prediction to camera size first'
            )
        num_classes = self.counts.shape[1]
        counted = (truth == OUTLIER_ID) | ((truth >= 0) & (truth < num_classes))
        true_ids = truth[counted].astype(np.intp)
        true_ids[true_ids == OUTLIER_ID] = num_classes
        predicted_ids = predicted[counted].astype(np.intp)
        if ((predicted_ids < 0) | (predicted_ids >= num_classes)).any():
            raise ValueError(
                f'predicted ids {predicted_ids.min()}..{predicted_ids.max()} are outside the '
                f'{num_classes} classes: give the closed-set prediction and the mask apart'
            )
        index = (true_ids * num_classes + predicted_ids) * 2 + rejected[counted]
        self.counts += np.bincount(index, minlength=self.counts.size).reshape(self.counts.shape)

    def merge(self, other: 'OpenSetCounter') -> None:
        """Add the pixels of another counter.

        Raises:
            ValueError: it has another number of classes.
        """
        if other.counts.shape != self.counts.shape:
            raise ValueError(
                f'cannot merge {other.counts.shape[1]} classes into {self.counts.shape[1]}: were '
                'the parts made with one label set?'
            )
        self.counts += other.counts

    def figures(self) -> OpenSetFigures:
        """Return the metrics of all pixels so far.

        Raises:
            ValueError: no inlier pixel was counted, or all of them were rejected.
        """
        return figures_of_counts(self.counts)

    def to_arrays(self) -> dict[str, npt.NDArray[np.int64]]:
        """Return what `from_arrays` needs."""
        return {'counts': self.counts}

    @classmethod
    def from_arrays(cls, arrays: dict[str, npt.NDArray[np.int64]]) -> 'OpenSetCounter':
        """Make the counter that `to_arrays` described."""
        counter = cls(arrays['counts'].shape[1])
        counter.counts += arrays['counts']
        return counter


def figures_of_counts(counts: npt.NDArray[np.int64]) -> OpenSetFigures:
    """Return the metrics of `OpenSetCounter.counts`, also of resampled ones.

    Grcic et al. 2022, "DenseHybrid", open-IoU of class k: TP_k / (TP_k + FP_k + FN_k) where FP_k
    holds outliers accepted as k and FN_k holds pixels of k that were rejected; open-mIoU is the
    mean over the K classes, the anomaly class left out.

    Raises:
        ValueError: no inlier pixel was counted, or all of them were rejected.
    """
    num_classes = counts.shape[1]
    closed = counts[:num_classes].sum(axis=2)
    accepted = counts[:num_classes, :, 0]
    if closed.any() and not accepted.any():
        raise ValueError(
            f'all {closed.sum()} inlier pixels were rejected: the threshold is below every '
            'energy, or the energy has the wrong sign'
        )
    with_anomaly = np.zeros((num_classes + 1, num_classes + 1), np.int64)
    with_anomaly[:, :num_classes] = counts[:, :, 0]
    with_anomaly[:, num_classes] = counts[:, :, 1].sum(axis=1)
    open_iou = intersection_over_union(with_anomaly)
    return OpenSetFigures(
        open_miou=mean_over_present(open_iou[:num_classes]),
        anomaly_iou=float(open_iou[num_classes]),
        closed_miou=mean_over_present(intersection_over_union(closed)),
        miou_of_accepted=mean_over_present(intersection_over_union(accepted)),
        rejected_inlier_share=1 - int(accepted.sum()) / int(closed.sum()),
    )
