"""Pixel metrics from every single energy: the reference for the counters, up to a pixel cap."""

from typing import Final

import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.evaluation.ground_truth import Mask, checked_pixels
from hopfield_pebal_ros.evaluation.operating_points import OperatingPoints, from_class_counts
from hopfield_pebal_ros.evaluation.pixel_metrics import PixelFigures, figures_of

MAX_PIXELS: Final = 50_000_000
"""About 1 GB while sorting; 24 frames of 1024x2048."""

Energies = npt.NDArray[np.float32]


def exact_points(
    energy: npt.NDArray[np.floating], outlier: Mask, valid: Mask | None = None
) -> OperatingPoints:
    """Return one operating point per distinct energy; arguments as `ExactPixels.add`."""
    inlier_energy, outlier_energy = _split(energy, outlier, valid)
    return _points(inlier_energy, outlier_energy)


class ExactPixels:
    """Keeps the energy of every valid pixel; refuses to grow without bound."""

    def __init__(self, max_pixels: int = MAX_PIXELS) -> None:
        self._max_pixels = max_pixels
        self._num_pixels = 0
        self._inlier: list[Energies] = []
        self._outlier: list[Energies] = []

    def add(
        self, energy: npt.NDArray[np.floating], outlier: Mask, valid: Mask | None = None
    ) -> None:
        """Keep the pixels of one image.

        Args:
            energy: (H, W) or (N,) float, kept as float32; higher is more anomalous.
            outlier: same shape, bool.
            valid: same shape, bool, pixels that count; None means all.

        Raises:
            TypeError: energy is not float, or a mask is not bool.
            ValueError: the shapes differ, or a valid pixel is NaN.
            MemoryError: there would be more pixels than the cap. Nothing was kept then.
        """
        inlier_energy, outlier_energy = _split(energy, outlier, valid)
        num_pixels = self._num_pixels + inlier_energy.size + outlier_energy.size
        if num_pixels > self._max_pixels:
            raise MemoryError(
                f'exact metrics of {num_pixels} pixels wanted, the cap is {self._max_pixels}: '
                'use PixelCounter, which needs no more memory for more images, or raise max_pixels'
            )
        self._num_pixels = num_pixels
        self._inlier.append(inlier_energy)
        self._outlier.append(outlier_energy)

    def operating_points(self) -> OperatingPoints:
        """Return one point per distinct energy of all images."""
        empty = np.zeros(0, np.float32)
        return _points(
            np.concatenate([empty, *self._inlier]), np.concatenate([empty, *self._outlier])
        )

    def figures(self) -> PixelFigures:
        """Return the metrics of all pixels so far, by the definitions of `PixelCounter`.

        Raises:
            ValueError: no outlier or no inlier was added.
        """
        return figures_of(self.operating_points())


def _split(
    energy: npt.NDArray[np.floating], outlier: Mask, valid: Mask | None
) -> tuple[Energies, Energies]:
    flat, outlier, valid = checked_pixels(energy, outlier, valid)
    if valid is None:
        return flat[~outlier], flat[outlier]
    return flat[valid & ~outlier], flat[valid & outlier]


def _points(inlier_energy: Energies, outlier_energy: Energies) -> OperatingPoints:
    thresholds = np.unique(np.concatenate((inlier_energy, outlier_energy)))
    counts = [
        np.diff(np.searchsorted(np.sort(energies), thresholds, side='right'), prepend=0)
        for energies in (outlier_energy, inlier_energy)
    ]
    return from_class_counts(thresholds, counts[0], counts[1])
