"""Choose what reads image messages: our own converter, or ROS's cv_bridge."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.inference.detection import ColorOrder
from hopfield_pebal_ros.node.compressed_images import any_to_color, decode
from hopfield_pebal_ros.node.image_messages import ImageMessageError

ImageConverter = Callable[[Any], tuple[npt.NDArray[np.uint8], ColorOrder]]


def open_image_converter(name: str) -> ImageConverter:
    """Return a function from an image message to (H, W, 3) uint8 and its colour order.

    It raises ImageMessageError for a message that it cannot read. cv_bridge is for
    uncompressed images.

    Args:
        name: 'builtin' or 'cv_bridge'.

    Raises:
        ValueError: another name.
        RuntimeError: cv_bridge is asked for and cannot be imported.
    """
    if name == 'builtin':
        return any_to_color
    if name != 'cv_bridge':
        raise ValueError(f"image_converter must be 'builtin' or 'cv_bridge', got {name!r}")
    try:
        from cv_bridge import CvBridge
    except (ImportError, AttributeError) as error:  # its binary raises either with NumPy 2
        raise RuntimeError(
            f'image_converter is cv_bridge, which cannot be imported ({error}); install the '
            'package cv_bridge of your ROS distribution or set image_converter to builtin'
        ) from None
    bridge = CvBridge()

    def convert(message: Any) -> tuple[npt.NDArray[np.uint8], ColorOrder]:
        if not hasattr(message, 'encoding'):
            return decode(message)
        try:
            return bridge.imgmsg_to_cv2(message, 'bgr8'), 'bgr'
        except Exception as error:  # it raises CvBridgeError, cv2.error, TypeError and others
            raise ImageMessageError(f'cv_bridge: {error}') from error

    return convert
