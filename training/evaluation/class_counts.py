"""Labels of a network against the classes of a set: mIoU, open-mIoU, calibration error."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.contract.labels import LabelSet
from hopfield_pebal_ros.evaluation.open_set_metrics import (
    OpenSetCounter,
    OpenSetFigures,
    figures_of_counts,
)
from hopfield_pebal_ros.evaluation.segmentation_metrics import intersection_over_union

Counts = npt.NDArray[np.int64]
LabelMap = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class ClassMapping:
    """Which class of a set each class of a network counts as."""

    table: LabelMap
    """(256,) uint8: class id of the network -> class id of the set; K where it has none."""
    num_classes: int
    """K, classes of the set."""
    without_counterpart: tuple[str, ...]
    """Classes of the network that the set does not have; predicting one is a mistake."""

    def set_ids(self, label_map: LabelMap) -> LabelMap:
        """Return a label map of the network (H, W) in ids of the set, K for none."""
        return np.asarray(self.table[label_map], np.uint8)


def map_classes(
    network: LabelSet, truth: LabelSet, also_counted_as: Mapping[str, str]
) -> ClassMapping:
    """Match classes by name, or by what they also count as.

    Raises:
        ValueError: a class of the set has no counterpart, so that a mean over classes says
            nothing about the network.
    """
    table = np.full(256, len(truth), np.uint8)
    without = []
    for class_id, name in enumerate(network.names):
        theirs = also_counted_as.get(name, name)
        if theirs in truth.names:
            table[class_id] = truth.id_of(theirs)
        else:
            without.append(name)
    reached = set(table[: len(network)].tolist())
    lacking = [name for index, name in enumerate(truth.names) if index not in reached]
    if lacking:
        raise ValueError(
            f'the set has classes that the network was not taught: {", ".join(lacking)}'
        )
    return ClassMapping(table, len(truth), tuple(without))


def count_classes(
    predicted: LabelMap,
    rejected: npt.NDArray[np.bool_],
    truth: LabelMap,
    mapping: ClassMapping,
) -> Counts:
    """Count the pixels of one image.

    Args:
        predicted: (H, W) ids of the network.
        rejected: (H, W) bool, energy above the threshold.
        truth: (H, W) ids of the set, `INLIER_ID`, `OUTLIER_ID`, `IGNORE_ID`; only classes and
            outliers count.
        mapping: of the two.

    Returns:
        (K+2, K+1, 2) int64 pixels: true class, of which K never occurs and K+1 is the outlier;
        predicted class, of which K is none of the set; rejected or not.
    """
    counter = OpenSetCounter(mapping.num_classes + 1)
    counter.add(mapping.set_ids(predicted), rejected, truth)
    return counter.counts


def iou_per_class(counts: Counts) -> npt.NDArray[np.float64]:
    """Return the IoU of each class of the set (K,), nothing rejected; NaN for an absent class."""
    return intersection_over_union(counts[:-1].sum(axis=2))[:-1]


def open_figures(counts: Counts) -> OpenSetFigures:
    """Return open-mIoU and its kin from counts as `count_classes` makes them.

    To take a pixel for a class that the set does not have is a miss of its true class and a false
    alarm of none, which is what a rejection is: so it is counted as one.

    Raises:
        ValueError: no inlier pixel with a class was counted, or all of them were rejected.
    """
    num_classes = counts.shape[1] - 1
    rows = [*range(num_classes), num_classes + 1]
    folded = counts[rows][:, :num_classes].copy()
    folded[:, 0, 1] += counts[rows, num_classes].sum(axis=1)
    return figures_of_counts(folded)
