"""AP of small, medium and large objects: outliers of one size against all inliers."""

from dataclasses import replace
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.evaluation.ground_truth import Mask, checked_pixels
from hopfield_pebal_ros.evaluation.operating_points import average_precision
from hopfield_pebal_ros.evaluation.pixel_metrics import PixelCounter

SIZE_BOUNDS_PX: Final = (32**2, 96**2)
"""Areas in pixels where medium and large begin; COCO's, at the size of the label map."""

SIZE_NAMES: Final = ('small', 'medium', 'large')


class ObjectSizeCounter:
    """Counts the energies of outlier pixels by the area of their object; mergeable."""

    def __init__(self) -> None:
        self._outliers = {name: PixelCounter() for name in SIZE_NAMES}

    def add(
        self, energy: npt.NDArray[np.floating], outlier: Mask, valid: Mask | None = None
    ) -> None:
        """Count the outliers of one image; (H, W) arrays as in `PixelCounter.add`.

        An object is an 8-connected component of outlier pixels that count.
        """
        if outlier.ndim != 2:
            raise ValueError(f'object sizes need (H, W) arrays, got {outlier.shape}')
        flat, outlier_flat, valid_flat = checked_pixels(energy, outlier, valid)
        if valid_flat is not None:
            outlier_flat = outlier_flat & valid_flat
        mask = outlier_flat.reshape(outlier.shape).view(np.uint8)
        _, ids, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
        size = np.searchsorted(SIZE_BOUNDS_PX, stats[:, cv2.CC_STAT_AREA], side='right')
        pixels = np.flatnonzero(outlier_flat)
        size_of_pixel = size[ids.ravel()[pixels]]
        for index, name in enumerate(SIZE_NAMES):
            chosen = flat[pixels[size_of_pixel == index]]
            self._outliers[name].add(chosen, np.ones(chosen.shape, np.bool_))

    def merge(self, other: 'ObjectSizeCounter') -> None:
        """Add the outliers of another counter."""
        for name, counter in self._outliers.items():
            counter.merge(other._outliers[name])

    def ap_by_size(self, pooled: PixelCounter) -> dict[str, float]:
        """Return 'ap_small', 'ap_medium', 'ap_large', absent where no object has that size.

        AP depends on the share of outliers, so compare a size with itself, not with another one.

        Args:
            pooled: the counter that saw all pixels of the same images; its inliers are used.
        """
        everything = pooled.occupied()
        all_inliers = replace(everything, outlier=np.zeros_like(everything.outlier))
        result = {}
        for name, outliers in self._outliers.items():
            counter = PixelCounter()
            counter.add_sparse(all_inliers)
            counter.merge(outliers)
            points = counter.occupied().operating_points()
            if points.num_outlier:
                points.require_both_classes()
                result[f'ap_{name}'] = average_precision(points)
        return result

    def to_arrays(self) -> dict[str, npt.NDArray[np.int64]]:
        """Return what `from_arrays` needs."""
        return {
            f'{name}_{key}': value
            for name, counter in self._outliers.items()
            for key, value in counter.to_arrays().items()
        }

    @classmethod
    def from_arrays(cls, arrays: dict[str, npt.NDArray[np.int64]]) -> 'ObjectSizeCounter':
        """Make the counter that `to_arrays` described."""
        sizes = cls()
        for name in SIZE_NAMES:
            start = f'{name}_'
            part = {
                key[len(start) :]: value for key, value in arrays.items() if key.startswith(start)
            }
            sizes._outliers[name].merge(PixelCounter.from_arrays(part))
        return sizes
