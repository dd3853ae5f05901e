"""Camera images of a bag, plain or compressed -> pixels."""

import contextlib
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.inference.detector import ColorOrder
from hopfield_pebal_ros.node.image_messages import ImageMessageError, to_color
from hopfield_pebal_ros.replay.bags import Bag


def to_pixels(message: Any) -> tuple[npt.NDArray[np.uint8], ColorOrder]:
    """Return the pixels of a sensor_msgs/msg/Image or CompressedImage.

    Returns:
        (H, W, 3) uint8, and the order of its colours.

    Raises:
        ImageMessageError: it cannot be decoded.
    """
    if hasattr(message, 'encoding'):
        return to_color(message)
    data = np.asarray(message.data, np.uint8)
    pixels = cv2.imdecode(data, cv2.IMREAD_COLOR) if data.size else None
    if pixels is None:
        raise ImageMessageError(
            f'compressed image of format {message.format!r} with {data.size} bytes is not '
            'readable; JPEG and PNG are'
        )
    return np.asarray(pixels, np.uint8), 'bgr'


def to_rgb(message: Any) -> npt.NDArray[np.uint8]:
    """Return the pixels of a camera image as (H, W, 3) uint8 RGB.

    Raises:
        ImageMessageError: it cannot be decoded.
    """
    pixels, color_order = to_pixels(message)
    if color_order == 'rgb':
        return pixels
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB), np.uint8)


def first_frame_pixels(bag: Bag, topic: str) -> int:
    """Return the number of pixels of the first frame that can be decoded, 0 without one."""
    for frame in bag.messages([topic]):
        with contextlib.suppress(ImageMessageError):
            pixels, _ = to_pixels(frame.message)
            return int(pixels.shape[0] * pixels.shape[1])
    return 0
