"""What is remembered of each image: its own figures and small counts to resample from."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.evaluation import operating_points
from hopfield_pebal_ros.evaluation.ground_truth import Mask
from hopfield_pebal_ros.evaluation.pixel_metrics import PixelCounter, SparseCounts

LEVELS_PER_CLASS: Final = 512
"""Each image keeps at most twice as many energy levels, 20 kB; moves AP by about 1e-3."""

_FIGURES: Final = ('ap', 'auroc', 'fpr95')


@dataclass(frozen=True)
class ImageRecord:
    """One image of a set."""

    name: str
    group: str  # its scene or drive; images of one are not independent. '' where unknown
    counts: SparseCounts  # thinned to quantiles of both classes
    ap: float  # this image alone, at full resolution; NaN without outlier or without inlier
    auroc: float
    fpr95: float


class ImageLog:
    """Measures images one at a time; grows by 20 kB an image, unlike the pooled counter."""

    def __init__(self) -> None:
        self._records: list[ImageRecord] = []
        self._scratch = PixelCounter()

    def __len__(self) -> int:
        return len(self._records)

    def __iter__(self) -> Iterator[ImageRecord]:
        return iter(self._records)

    def add(
        self,
        name: str,
        energy: npt.NDArray[np.floating],
        outlier: Mask,
        valid: Mask | None = None,
        *,
        group: str = '',
    ) -> SparseCounts:
        """Measure one image; arrays as in `PixelCounter.add`.

        Returns:
            Its full counts, ready for `PixelCounter.add_sparse` of the pooled counter.
        """
        self._scratch.add(energy, outlier, valid)
        counts = self._scratch.take()
        self._records.append(_record(name, group, counts))
        return counts

    def merge(self, other: 'ImageLog') -> None:
        """Append the images of another log."""
        self._records.extend(other)

    def in_order_of_name(self) -> 'ImageLog':
        """Return a log of the same images that does not depend on the order of merging."""
        log = ImageLog()
        log._records = sorted(self._records, key=lambda each: each.name)
        return log

    def to_arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return what `from_arrays` needs: the images one after the other, for an npz file."""
        records = self._records
        empty = np.zeros(0, np.int64)
        return {
            'names': np.array([each.name for each in records], np.str_),
            'groups': np.array([each.group for each in records], np.str_),
            'figures': np.array(
                [[getattr(each, name) for name in _FIGURES] for each in records], np.float64
            ).reshape(-1, len(_FIGURES)),
            'sizes': np.array([len(each.counts.keys) for each in records], np.int64),
            'keys': np.concatenate([empty, *(each.counts.keys for each in records)]),
            'inlier': np.concatenate([empty, *(each.counts.inlier for each in records)]),
            'outlier': np.concatenate([empty, *(each.counts.outlier for each in records)]),
        }

    @classmethod
    def from_arrays(cls, arrays: dict[str, npt.NDArray[Any]]) -> 'ImageLog':
        """Make the log that `to_arrays` described."""
        log = cls()
        ends = np.cumsum(arrays['sizes'])
        for index, end in enumerate(ends):
            part = slice(int(end - arrays['sizes'][index]), int(end))
            counts = SparseCounts(
                arrays['keys'][part].astype(np.uint32),
                arrays['inlier'][part],
                arrays['outlier'][part],
            )
            ap, auroc, fpr95 = (float(value) for value in arrays['figures'][index])
            name, group = str(arrays['names'][index]), str(arrays['groups'][index])
            log._records.append(ImageRecord(name, group, counts, ap, auroc, fpr95))
        return log


def mean_of_images(log: ImageLog) -> dict[str, float]:
    """Return figures averaged over the images, which are not the pooled ones and flatter them.

    Images without outliers or without inliers are left out, as in CAOS.

    Raises:
        ValueError: no image has both.
    """
    values = np.array([[getattr(each, name) for name in _FIGURES] for each in log], np.float64)
    values = values.reshape(-1, len(_FIGURES))
    measured = values[~np.isnan(values).any(axis=1)]
    if len(measured) == 0:
        raise ValueError(
            f'none of {len(log)} images has outlier and inlier pixels: check the label ids'
        )
    means = zip(_FIGURES, measured.mean(axis=0), strict=True)
    return {f'mean_image_{name}': float(mean) for name, mean in means} | {
        'mean_image_count': float(len(measured))
    }


def thinned(counts: SparseCounts, levels_per_class: int = LEVELS_PER_CLASS) -> SparseCounts:
    """Join neighbouring keys until each level holds 1 part in `levels_per_class` of a class.

    Equal parts of the outliers; parts of the inliers that get smaller towards high energies, where
    precision is decided: equal steps of the square root of the false positive rate.
    """
    if len(counts.keys) == 0:
        return counts
    starts = np.zeros(len(counts.keys), np.bool_)
    starts[0] = True
    false_rate, true_rate = (
        np.cumsum(pixels[::-1])[::-1] / max(int(pixels.sum()), 1)
        for pixels in (counts.inlier, counts.outlier)
    )
    for rate in (np.sqrt(false_rate), true_rate):
        starts[1:] |= np.diff(np.ceil(rate * levels_per_class)) < 0
    first = np.flatnonzero(starts)
    return SparseCounts(
        counts.keys[first],
        np.add.reduceat(counts.inlier, first),
        np.add.reduceat(counts.outlier, first),
    )


def _record(name: str, group: str, counts: SparseCounts) -> ImageRecord:
    points = counts.operating_points()
    if points.num_outlier == 0 or points.num_inlier == 0:
        nan = float('nan')
        return ImageRecord(name, group, thinned(counts), nan, nan, nan)
    return ImageRecord(  # no warning of ties here: a small object has few energies
        name,
        group,
        thinned(counts),
        operating_points.average_precision(points),
        operating_points.area_under_roc(points),
        operating_points.false_positive_rate_at(points),
    )
