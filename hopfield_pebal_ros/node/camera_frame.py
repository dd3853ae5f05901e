"""One camera image on its way through the engine."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.inference.detection import ColorOrder


@dataclass(frozen=True, eq=False)
class CameraFrame:
    """An image message that was read."""

    camera: str
    header: Any
    """std_msgs/Header of the message; goes out unchanged with every result."""
    topics: tuple[str, ...]
    """Results that somebody listens to."""
    image: npt.NDArray[np.uint8]
    """(H, W, 3) uint8, perhaps a view into the message."""
    color_order: ColorOrder
    decode_ms: float

    @property
    def stamp_ns(self) -> int:
        return int(self.header.stamp.sec * 10**9 + self.header.stamp.nanosec)
