"""Component metrics of SegmentMeIfYouCan: are objects found, and are the findings objects?"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.evaluation.ground_truth import Mask

THRESHOLDS: Final = np.linspace(0.25, 0.75, 11)
"""A component counts as found from this sIoU on, and as right from this PPV on."""

_FIXED_POINT: Final = 1 << 40  # sums of fractions as integers: merging is exact in any order

Areas = npt.NDArray[np.int64]
Fractions = npt.NDArray[np.float64]


@dataclass(frozen=True)
class SizeFilter:
    """Components below these areas in pixels are left out."""

    predicted: int
    truth: int  # a smaller true component becomes void


ANOMALY_TRACK: Final = SizeFilter(predicted=500, truth=100)
OBSTACLE_TRACK: Final = SizeFilter(predicted=50, truth=10)
NO_FILTER: Final = SizeFilter(predicted=0, truth=0)


@dataclass(frozen=True)
class ComponentFigures:
    """Component metrics of one set; fractions 0..1."""

    siou: float  # mean adjusted IoU of the true components
    ppv: float  # mean share of a predicted component that is outlier; 0 where none is predicted
    component_f1: float  # mean over the thresholds
    num_truth: int
    num_predicted: int


def match_components(
    predicted: Mask, outlier: Mask, valid: Mask, size_filter: SizeFilter
) -> tuple[Fractions, Fractions]:
    """Compare the components of one image.

    Chan et al. 2021, "SegmentMeIfYouCan", section 4.2. The adjusted sIoU of a true component T
    does not charge predictions for covering other true components: it is the pixels of T that are
    predicted, over T and the non-outlier pixels of the predicted components that touch T.
    Components are 8-connected; predictions on void are cut off before they are measured.

    Args:
        predicted: (H, W) bool, pixels flagged as anomaly.
        outlier: (H, W) bool, pixels that are outliers.
        valid: (H, W) bool, pixels that count.
        size_filter: areas below which components are left out.

    Returns:
        sIoU of each true component (T,) and PPV of each predicted component (P,), 0..1.
    """
    truth_ids, truth_areas = _components(outlier & valid)
    predicted_ids, predicted_areas = _components(predicted & valid)
    truth_index, predicted_index, overlaps = _overlaps(truth_ids, predicted_ids)
    truth_kept = truth_areas >= max(size_filter.truth, 1)
    predicted_kept = predicted_areas >= size_filter.predicted

    # pixels of a true component that became void leave the predictions on them, too
    on_void = ~truth_kept[truth_index]
    np.subtract.at(predicted_areas, predicted_index[on_void], overlaps[on_void])
    predicted_kept &= predicted_areas > 0
    pairs = truth_kept[truth_index] & predicted_kept[predicted_index]
    truth_index, predicted_index = truth_index[pairs], predicted_index[pairs]
    overlaps = overlaps[pairs]

    hits = _sum_by(predicted_index, overlaps, len(predicted_areas))
    false_areas = predicted_areas - hits
    covered = _sum_by(truth_index, overlaps, len(truth_areas))
    false_beside = _sum_by(truth_index, false_areas[predicted_index], len(truth_areas))
    siou = covered / np.maximum(truth_areas + false_beside, 1)
    ppv = hits / np.maximum(predicted_areas, 1)
    return siou[truth_kept], ppv[predicted_kept]


class ComponentCounter:
    """Adds up component metrics over images, in integers; mergeable."""

    def __init__(self, size_filter: SizeFilter = NO_FILTER) -> None:
        self.size_filter = size_filter
        self.counts: npt.NDArray[np.int64] = np.zeros((3, len(THRESHOLDS)), np.int64)
        """(3, 11) true positives, misses and false positives at each of `THRESHOLDS`."""
        self.sums: npt.NDArray[np.int64] = np.zeros(4, np.int64)
        """(4,) true components, predicted ones, sum of sIoU and of PPV in units of 2^-40."""

    def add(self, predicted: Mask, outlier: Mask, valid: Mask | None = None) -> None:
        """Count the components of one image; all (H, W) bool.

        Args:
            predicted: pixels flagged as anomaly.
            outlier: pixels that are outliers.
            valid: pixels that count; None means all.

        Raises:
            TypeError: an array is not bool.
            ValueError: the shapes differ or are not (H, W).
        """
        valid = np.ones_like(outlier) if valid is None else valid
        _check_masks(predicted, outlier, valid)
        siou, ppv = match_components(predicted, outlier, valid, self.size_filter)
        found = siou[:, np.newaxis] >= THRESHOLDS
        self.counts += [found.sum(axis=0), (~found).sum(axis=0), _below_thresholds(ppv)]
        sums = [np.rint(each.sum() * _FIXED_POINT) for each in (siou, ppv)]
        self.sums += np.array([len(siou), len(ppv), *sums], np.int64)

    def merge(self, other: 'ComponentCounter') -> None:
        """Add the images of another counter.

        Raises:
            ValueError: it was counted with another size filter.
        """
        if other.size_filter != self.size_filter:
            raise ValueError(
                f'cannot merge components filtered by {other.size_filter} into those filtered by '
                f'{self.size_filter}: run the parts again with one filter'
            )
        self.counts += other.counts
        self.sums += other.sums

    def figures(self) -> ComponentFigures:
        """Return the metrics of all images so far.

        Raises:
            ValueError: no true component was counted.
        """
        return figures_of_sums(self.counts, self.sums)

    def to_arrays(self) -> dict[str, npt.NDArray[np.int64]]:
        """Return what `from_arrays` needs."""
        size_filter = np.array([self.size_filter.predicted, self.size_filter.truth], np.int64)
        return {'size_filter': size_filter, 'counts': self.counts, 'sums': self.sums}

    @classmethod
    def from_arrays(cls, arrays: dict[str, npt.NDArray[np.int64]]) -> 'ComponentCounter':
        """Make the counter that `to_arrays` described."""
        predicted, truth = (int(value) for value in arrays['size_filter'])
        counter = cls(SizeFilter(predicted=predicted, truth=truth))
        counter.counts += arrays['counts']
        counter.sums += arrays['sums']
        return counter


def figures_of_sums(
    counts: npt.NDArray[np.int64], sums: npt.NDArray[np.int64]
) -> ComponentFigures:
    """Return the metrics of `ComponentCounter.counts` and `.sums`, also of resampled ones.

    Raises:
        ValueError: no true component was counted.
    """
    num_truth, num_predicted = int(sums[0]), int(sums[1])
    if num_truth == 0:
        raise ValueError(
            'no outlier component was counted: check the label ids, and that the size filter '
            'leaves some'
        )
    hits, misses, false = counts
    return ComponentFigures(
        siou=float(sums[2] / _FIXED_POINT / num_truth),
        ppv=float(sums[3] / _FIXED_POINT / max(num_predicted, 1)),
        component_f1=float(np.mean(2 * hits / (2 * hits + misses + false))),
        num_truth=num_truth,
        num_predicted=num_predicted,
    )


def _components(mask: Mask) -> tuple[npt.NDArray[np.int32], Areas]:
    """Return the component of each pixel (H, W), 0 for none, and areas; component 0 has area 0."""
    _, ids, stats, _ = cv2.connectedComponentsWithStats(mask.view(np.uint8), connectivity=8)
    areas = stats[:, cv2.CC_STAT_AREA].astype(np.int64)
    areas[0] = 0
    return np.asarray(ids, np.int32), areas


def _overlaps(
    truth_ids: npt.NDArray[np.int32], predicted_ids: npt.NDArray[np.int32]
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], Areas]:
    """Return the pairs of components that share pixels, and how many they share: three (N,)."""
    shared = (truth_ids > 0) & (predicted_ids > 0)
    width = int(predicted_ids.max(initial=0)) + 1
    pair = truth_ids[shared].astype(np.int64) * width + predicted_ids[shared]
    pairs, num_pixels = np.unique(pair, return_counts=True)
    return pairs // width, pairs % width, num_pixels.astype(np.int64)


def _sum_by(index: npt.NDArray[np.intp], values: Areas, length: int) -> Areas:
    sums = np.zeros(length, np.int64)
    np.add.at(sums, index, values)
    return sums


def _below_thresholds(fractions: Fractions) -> npt.NDArray[np.int64]:
    return np.asarray((fractions[:, np.newaxis] < THRESHOLDS).sum(axis=0), np.int64)


def _check_masks(predicted: Mask, outlier: Mask, valid: Mask) -> None:
    for name, mask in (('predicted', predicted), ('outlier', outlier), ('valid', valid)):
        if mask.dtype != np.bool_:
            raise TypeError(f'{name} must be bool, got {mask.dtype}; compare with ids first')
        if mask.ndim != 2 or mask.shape != outlier.shape:
            raise ValueError(
                f'{name} is {mask.shape}, expected {outlier.shape} as (H, W): bring the '
                'prediction to the size of the label map first'
            )
