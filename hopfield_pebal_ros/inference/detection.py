"""What becomes of a batch of images, and what the detector says of each."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.contract.geometry import Placement
from hopfield_pebal_ros.contract.resizing import (
    energy_to_camera,
    labels_to_camera,
    mask_to_camera,
)
from hopfield_pebal_ros.inference.engine import NetworkMaps
from hopfield_pebal_ros.inference.regions import Region

ColorOrder = Literal['rgb', 'bgr']


@dataclass(frozen=True, eq=False)
class Prepared:
    """Images at network size."""

    images: npt.NDArray[np.uint8]
    """(N, H, W, 3) uint8 RGB."""
    placements: tuple[Placement, ...]
    preprocess_ms: tuple[float, ...]

    def only(self, index: int) -> 'Prepared':
        """Return one of the images, as a batch."""
        one = slice(index, index + 1)
        return Prepared(self.images[one], self.placements[one], self.preprocess_ms[one])


@dataclass(frozen=True, eq=False)
class Inferred:
    """What the network said of prepared images."""

    prepared: Prepared
    maps: NetworkMaps
    inference_ms: float


@dataclass(frozen=True, eq=False)
class Detection:
    """What the detector says of one image, at network output size.

    Padding has label `IGNORE_ID`, energy NaN and mask 0.
    """

    placement: Placement
    label_map: npt.NDArray[np.uint8]
    """(h, w) uint8 class ids."""
    energy_map: npt.NDArray[np.float32]
    """(h, w) float32, higher is more anomalous."""
    anomaly_mask: npt.NDArray[np.uint8]
    """(h, w) uint8: 255 where the energy is above the threshold, else 0."""
    regions: tuple[Region, ...]
    """In camera pixels, largest peak energy first."""
    threshold: float
    preprocess_ms: float
    inference_ms: float
    """Of the whole batch that the image was in."""
    postprocess_ms: float
    energy_scale: float = 1.0
    """Inlier standard deviation in the unit of the energy; sets the colours of pictures."""

    def labels_at_camera(self, out: npt.NDArray[np.uint8] | None = None) -> npt.NDArray[np.uint8]:
        """Return (H, W) uint8; `IGNORE_ID` where the network saw nothing."""
        return labels_to_camera(self.label_map, self.placement, out=out)

    def energy_at_camera(
        self, out: npt.NDArray[np.float32] | None = None
    ) -> npt.NDArray[np.float32]:
        """Return (H, W) float32; NaN where the network saw nothing."""
        return energy_to_camera(self.energy_map, self.placement, out=out)

    def mask_at_camera(self, out: npt.NDArray[np.uint8] | None = None) -> npt.NDArray[np.uint8]:
        """Return (H, W) uint8: 255 anomalous, 0 not, or not seen."""
        return mask_to_camera(self.anomaly_mask, self.placement, out=out)
