"""One labelled camera frame, and what every source of frames offers."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Frame:
    """A picture with its labels; `name` says where it came from, for messages."""

    image_rgb: npt.NDArray[np.uint8]
    """(H, W, 3)."""
    label_map: npt.NDArray[np.uint8]
    """(H, W) train ids, `OUTLIER_ID`, `IGNORE_ID`."""
    name: str


class FrameSource(Protocol):
    """Frames by number; the same number always gives the same frame."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int) -> Frame: ...


@dataclass(frozen=True)
class WeightedSource:
    """Frames that count `repeats` times in every epoch."""

    frames: FrameSource
    repeats: int = 1


def read_image_rgb(path: Path) -> npt.NDArray[np.uint8]:
    """Read a picture as (H, W, 3) uint8 RGB.

    Raises:
        ValueError: it cannot be decoded.
    """
    image_bgr = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image_bgr is None:
        raise ValueError(f'{path} cannot be read as a picture; it is missing, empty or truncated')
    return np.asarray(cv2.cvtColor(image_bgr, cv2.COLOR_BGR2RGB), dtype=np.uint8)


def read_label_map(path: Path) -> npt.NDArray[np.uint8]:
    """Read a mask of ids as (H, W) uint8.

    Raises:
        ValueError: it cannot be decoded, or is not a single channel of 8 bits.
    """
    mask = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if mask is None:
        raise ValueError(f'{path} cannot be read as a mask; it is missing, empty or truncated')
    if mask.ndim != 2 or mask.dtype != np.uint8:
        raise ValueError(
            f'{path} is {mask.shape} {mask.dtype}, expected one channel of 8 bits; '
            'convert colours or 16-bit ids to class ids first'
        )
    return np.asarray(mask, dtype=np.uint8)
