"""An object without its surroundings, and what every source of such objects offers."""

from dataclasses import dataclass
from typing import Final, Protocol

import cv2
import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.contract.labels import OUTLIER_ID

FEWEST_PIXELS: Final = 400
"""An object on a photograph with fewer shows nothing but its outline."""

MOST_ELONGATED: Final = 12
"""Longer by shorter side; what is longer is the visible rim of something hidden."""

TRAFFIC_CLASSES: Final = (
    *('person', 'bicycle', 'car', 'motorcycle', 'bus', 'train', 'truck'),
    *('traffic light', 'stop sign', 'fire hydrant'),
)
"""COCO classes that Cityscapes knows or that belong to its streets; `train` is one of its 19."""


@dataclass(frozen=True, eq=False)
class CutOut:
    """An object and how much of each pixel it covers."""

    rgb: npt.NDArray[np.uint8]
    """(h, w, 3); anything where alpha is 0."""
    alpha: npt.NDArray[np.float32]
    """(h, w), 0..1."""
    is_drawn: bool = False
    """Whether it was drawn, thus never seen through a lens."""
    train_id: int = OUTLIER_ID
    """What its pixels are labelled once pasted."""

    @property
    def nbytes(self) -> int:
        return self.rgb.nbytes + self.alpha.nbytes


class OutlierSource(Protocol):
    """Objects at random: the same generator state gives the same object on every process."""

    def draw(self, rng: np.random.Generator, size_px: int) -> CutOut:
        """Draw an object of any size; `size_px` >= 1, its longer side once pasted, is a hint."""
        ...


def cut_out(image_rgb: npt.NDArray[np.uint8], cover: npt.NDArray[np.uint8]) -> CutOut | None:
    """Cut an object out of a photograph.

    Args:
        image_rgb: (H, W, 3) uint8 RGB.
        cover: (H, W) uint8, 255 on the object, else 0.

    Returns:
        The object in its bounding box; none where it is too small or a sliver.
    """
    left, top, width, height = cv2.boundingRect(cover)
    box = slice(max(top - 1, 0), top + height + 1), slice(max(left - 1, 0), left + width + 1)
    # masks drawn by hand take along a rim of the surroundings
    core = cv2.erode(cover[box], np.ones((3, 3), np.uint8), borderValue=255)
    left, top, width, height = cv2.boundingRect(core)
    inner = slice(top, top + height), slice(left, left + width)
    alpha = (core[inner] > 0).astype(np.float32)
    is_sliver = min(height, width) * MOST_ELONGATED < max(height, width)
    if is_sliver or np.count_nonzero(alpha) < FEWEST_PIXELS:
        return None
    return CutOut(image_rgb[box][inner].copy(), alpha)
