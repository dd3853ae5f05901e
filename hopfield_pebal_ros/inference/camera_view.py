"""What is particular to one camera: its threshold, what it must ignore, its earlier energies."""

import math
from collections.abc import Collection
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.contract.geometry import Placement
from hopfield_pebal_ros.contract.resizing import labels_to_network

MAX_SMOOTHING: Final = 0.95


class CameraView:
    """How the network's energies of one camera become anomalies. Belongs to one detector.

    The attributes may be changed between frames. Smoothing needs the frames in their order.
    """

    def __init__(
        self,
        threshold: float,
        *,
        min_region_area_px: int = 100,
        smoothing: float = 0.0,
        ignore_mask: npt.NDArray[np.uint8] | None = None,
        ground_ids: Collection[int] = (),
    ) -> None:
        """Make a view.

        Args:
            threshold: energy above which a pixel is anomalous.
            min_region_area_px: smaller regions are not listed [camera px].
            smoothing: share of the earlier frames in the energy, 0..0.95.
            ignore_mask: (H, W) uint8 of camera size, not 0 where energy is to be NaN.
            ground_ids: only regions that stand on these classes are listed; none lists all.

        Raises:
            ValueError: a value out of range, or a mask that is no such array.
        """
        self.threshold = threshold
        self.min_region_area_px = min_region_area_px
        self.smoothing = smoothing
        self.ground_ids = tuple(ground_ids)
        if ignore_mask is not None and (ignore_mask.ndim != 2 or ignore_mask.dtype != np.uint8):
            raise ValueError(
                f'ignore_mask must be (H, W) uint8, got {ignore_mask.shape} {ignore_mask.dtype}'
            )
        self._ignore_mask = ignore_mask
        self._ignored: tuple[Placement, npt.NDArray[np.bool_]] | None = None
        self._smoothed: npt.NDArray[np.float32] | None = None

    @property
    def threshold(self) -> float:
        return self._threshold

    @threshold.setter
    def threshold(self, value: float) -> None:
        if not math.isfinite(value):
            raise ValueError(f'threshold must be a finite energy, got {value}')
        self._threshold = float(value)

    @property
    def min_region_area_px(self) -> int:
        return self._min_region_area_px

    @min_region_area_px.setter
    def min_region_area_px(self, value: int) -> None:
        if value < 0:
            raise ValueError(f'min_region_area_px must be 0 or more pixels, got {value}')
        self._min_region_area_px = int(value)

    @property
    def smoothing(self) -> float:
        return self._smoothing

    @smoothing.setter
    def smoothing(self, value: float) -> None:
        if not 0 <= value <= MAX_SMOOTHING:
            raise ValueError(f'smoothing must be 0 to {MAX_SMOOTHING}, got {value}')
        self._smoothing = float(value)

    def forget(self) -> None:
        """Smooth from the next frame on: the last one was long ago, or of another drive."""
        self._smoothed = None

    def smooth(self, energy_map: npt.NDArray[np.float32]) -> None:
        """Mix the earlier energies into this frame's, in place: E = (1 - s) E + s E before."""
        if not self._smoothing:
            self._smoothed = None
            return
        before = self._smoothed
        if before is not None and before.shape == energy_map.shape:
            cv2.addWeighted(
                energy_map, 1 - self._smoothing, before, self._smoothing, 0, dst=energy_map
            )
        self._smoothed = energy_map.copy()

    def ignored(
        self, placement: Placement, map_hw: tuple[int, int]
    ) -> npt.NDArray[np.bool_] | None:
        """Return which pixels of an output map the mask hides, (h, w) bool; None without a mask.

        Raises:
            ValueError: the mask is not of the camera's size.
        """
        if self._ignore_mask is None:
            return None
        if self._ignored is None or self._ignored[0] != placement:
            if self._ignore_mask.shape != placement.camera_hw:
                raise ValueError(
                    f'the ignore mask has height, width {self._ignore_mask.shape}, the image '
                    f'{placement.camera_hw}; draw the mask on an image of this camera'
                )
            at_network = labels_to_network(self._ignore_mask, placement)
            stride = placement.network_hw[0] // map_hw[0]
            hidden = at_network[stride // 2 :: stride, stride // 2 :: stride] != 0
            seen = np.zeros(map_hw, np.uint8)
            placement.box_in(map_hw).of(seen)[:] = 1  # padding is no part of the mask
            self._ignored = (placement, hidden & (seen == 1))
        return self._ignored[1]
