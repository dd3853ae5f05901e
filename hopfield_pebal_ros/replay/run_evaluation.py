"""Evaluate the results of a run, frame by frame, in bounded memory."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.contract.labels import IGNORE_ID, OUTLIER_ID, LabelSet
from hopfield_pebal_ros.evaluation.ground_truth import outlier_and_valid
from hopfield_pebal_ros.evaluation.operating_points import (
    area_under_roc,
    average_precision,
    false_positive_rate_at,
)
from hopfield_pebal_ros.evaluation.pixel_metrics import PixelCounter
from hopfield_pebal_ros.evaluation.segmentation_metrics import ConfusionMatrix
from hopfield_pebal_ros.replay.bags import BagError
from hopfield_pebal_ros.replay.frame_statistics import FrameStatistics, energy_quantiles
from hopfield_pebal_ros.replay.results import FrameResult

Labels = npt.NDArray[np.uint8]

FIGURES: Final = (
    'ap', 'auroc', 'fpr95', 'best_f1', 'miou',
    'recall_at_threshold', 'precision_at_threshold', 'fpr_at_threshold',
)  # fmt: skip
"""What `RunEvaluator.figures` may have."""


@dataclass
class MaskCounts:
    """Pixels of the published mask against the ground truth."""

    true_positives: int = 0
    false_positives: int = 0
    num_outlier: int = 0
    num_inlier: int = 0

    def figures(self) -> dict[str, float]:
        """Return the fractions that have a denominator."""
        flagged = self.true_positives + self.false_positives
        parts = {
            'recall_at_threshold': (self.true_positives, self.num_outlier),
            'precision_at_threshold': (self.true_positives, flagged),
            'fpr_at_threshold': (self.false_positives, self.num_inlier),
        }
        return {name: over / under for name, (over, under) in parts.items() if under}

    def merge(self, other: 'MaskCounts') -> None:
        self.true_positives += other.true_positives
        self.false_positives += other.false_positives
        self.num_outlier += other.num_outlier
        self.num_inlier += other.num_inlier


class RunEvaluator:
    """Adds up the frames of one run."""

    def __init__(self, label_set: LabelSet, *, min_region_area_px: int) -> None:
        self.label_set = label_set
        self.energies = PixelCounter()
        """Every energy of the frames without ground truth, counted as inlier."""
        self.labelled = PixelCounter()
        self.confusion = ConfusionMatrix(len(label_set))
        self.mask_counts = MaskCounts()
        self.num_labelled = 0
        self._min_region_area_px = min_region_area_px

    def add(self, result: FrameResult, truth: Labels | None) -> FrameStatistics:
        """Count one frame and return its statistics.

        Args:
            result: of the frame.
            truth: (H, W) uint8 ids of the label set, `OUTLIER_ID` or `IGNORE_ID`; None where the
                frame has no ground truth.

        Raises:
            BagError: the truth has another size, or ids that the label set does not have.
        """
        figures: dict[str, float] = {}
        seen = ~np.isnan(result.energy_map)
        if truth is None:
            self.energies.add(result.energy_map, np.zeros(seen.shape, np.bool_), seen)
        else:
            camera_hw = result.label_map.shape[0], result.label_map.shape[1]
            check_truth(truth, camera_hw, self.label_set, stamp_ns=result.stamp_ns)
            figures = self._add_labelled(result, truth, seen)
        return FrameStatistics(
            energy=energy_quantiles(result.energy_map),
            anomaly_share=np.count_nonzero(result.anomaly_mask) / result.anomaly_mask.size,
            regions=result.regions(min_area_px=self._min_region_area_px),
            figures=figures,
        )

    def like(self) -> 'RunEvaluator':
        """Return one of the same labels and limits that has no frames yet."""
        return RunEvaluator(self.label_set, min_region_area_px=self._min_region_area_px)

    def merge(self, other: 'RunEvaluator') -> None:
        """Add the frames of another evaluator."""
        self.energies.merge(other.energies)
        self.labelled.merge(other.labelled)
        self.confusion.merge(other.confusion)
        self.mask_counts.merge(other.mask_counts)
        self.num_labelled += other.num_labelled

    def figures(self) -> dict[str, float]:
        """Return the figures of the whole run as fractions 0..1; those that apply, maybe none."""
        figures = self.mask_counts.figures()
        if self.mask_counts.num_outlier and self.mask_counts.num_inlier:
            pooled = self.labelled.figures()
            figures |= {'ap': pooled.ap, 'auroc': pooled.auroc, 'fpr95': pooled.fpr95}
            figures |= {'best_f1': pooled.best_f1}
        if self.confusion.counts.any():
            figures['miou'] = self.confusion.miou()
        return figures

    def _add_labelled(
        self, result: FrameResult, truth: Labels, seen: npt.NDArray[np.bool_]
    ) -> dict[str, float]:
        self.num_labelled += 1
        outlier, valid = outlier_and_valid(truth)
        valid &= seen
        frame = PixelCounter()
        frame.add(result.energy_map, outlier, valid)
        sparse = frame.occupied()
        self.labelled.add_sparse(sparse)
        self._count_mask(result.anomaly_mask > 0, outlier & valid, valid)
        figures: dict[str, float] = {}
        points = sparse.operating_points()
        if points.num_outlier and points.num_inlier:
            figures['ap'] = average_precision(points)
            figures['auroc'] = area_under_roc(points)
            figures['fpr95'] = false_positive_rate_at(points)
        confusion = ConfusionMatrix(len(self.label_set))
        confusion.add(result.label_map, np.where(result.label_map == IGNORE_ID, IGNORE_ID, truth))
        self.confusion.merge(confusion)
        if confusion.counts.any():
            figures['miou'] = confusion.miou()
        return figures

    def _count_mask(
        self,
        flagged: npt.NDArray[np.bool_],
        outlier: npt.NDArray[np.bool_],
        valid: npt.NDArray[np.bool_],
    ) -> None:
        num_flagged = int(np.count_nonzero(flagged & valid))
        num_found = int(np.count_nonzero(flagged & outlier))
        num_outlier = int(np.count_nonzero(outlier))
        counts = self.mask_counts
        counts.true_positives += num_found
        counts.false_positives += num_flagged - num_found
        counts.num_outlier += num_outlier
        counts.num_inlier += int(np.count_nonzero(valid)) - num_outlier


def check_truth(
    truth: Labels, camera_hw: tuple[int, int], label_set: LabelSet, *, stamp_ns: int
) -> None:
    """Refuse ground truth that does not fit its camera image or the model.

    Raises:
        BagError: another size, or ids that are no class of the model.
    """
    if truth.shape != camera_hw:
        raise BagError(
            f'the label image at {stamp_ns} ns is {truth.shape[1]}x{truth.shape[0]} px, its '
            f'camera image {camera_hw[1]}x{camera_hw[0]} px; label images must have the size of '
            'the camera image'
        )
    present = np.flatnonzero(np.bincount(truth.ravel(), minlength=256))
    unknown = [
        int(each)
        for each in present
        if each >= len(label_set) and each not in (OUTLIER_ID, IGNORE_ID)
    ]
    if unknown:
        raise BagError(
            f'the label image at {stamp_ns} ns has ids {unknown[:5]}, the model has '
            f'classes 0..{len(label_set) - 1}, outlier {OUTLIER_ID} and ignore {IGNORE_ID}; '
            'convert the labels to those ids'
        )
