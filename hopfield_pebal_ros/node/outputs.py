"""The result topics of one camera, each made only where somebody listens."""

from collections.abc import Callable
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import Image

from hopfield_pebal_ros.inference.detection import ColorOrder, Detection
from hopfield_pebal_ros.inference.overlay import draw_overlay
from hopfield_pebal_ros.node.image_messages import fill, pixels_in

TOPICS: Final = ('segmentation', 'energy', 'anomaly_mask', 'overlay')

QOS: Final = QoSProfile(depth=1, reliability=ReliabilityPolicy.RELIABLE)
"""Fits reliable subscribers, such as RViz, and best effort ones."""

Pixels = npt.NDArray[np.uint8]


class Outputs:
    """Publishers of one camera's results at camera size, with the header of the image.

    Args:
        node: that the publishers belong to.
        palette_rgb: (256, 3) uint8, colours of the overlay.
        label_alpha: gives the share of the class colour in the overlay, 0..1.
    """

    def __init__(
        self, node: Any, palette_rgb: Pixels, *, label_alpha: Callable[[], float]
    ) -> None:
        self._node = node
        self._palette_rgb = palette_rgb
        self._label_alpha = label_alpha
        # publish() has copied a message when it returns, so each is used again
        self._messages = {topic: Image() for topic in TOPICS}
        self._publishers = {topic: node.create_publisher(Image, topic, QOS) for topic in TOPICS}

    def wanted(self) -> tuple[str, ...]:
        """Return the topics that have a subscriber."""
        return tuple(
            topic
            for topic, publisher in self._publishers.items()
            if publisher.get_subscription_count()
        )

    def publish(
        self,
        topics: tuple[str, ...],
        detection: Detection,
        *,
        image: Pixels,
        color_order: ColorOrder,
        header: Any,
    ) -> None:
        """Make and publish the named topics.

        Args:
            topics: from `wanted`.
            detection: of the image.
            image: (H, W, 3) uint8 of the camera.
            color_order: of the image.
            header: of the image message; goes out unchanged.
        """
        for topic in topics:
            message = self._messages[topic]
            if topic == 'overlay':
                self._draw(message, detection, image, color_order, header)
            else:
                _write_map(message, topic, detection, header)
            self._publishers[topic].publish(message)

    def close(self) -> None:
        for publisher in self._publishers.values():
            self._node.destroy_publisher(publisher)
        self._publishers = {}

    def _draw(
        self,
        message: Image,
        detection: Detection,
        image: Pixels,
        color_order: ColorOrder,
        header: Any,
    ) -> None:
        picture = draw_overlay(
            image,
            detection,
            self._palette_rgb,
            color_order=color_order,
            label_alpha=self._label_alpha(),
        )
        if color_order == 'bgr':
            fill(message, picture, 'bgr8', header)
        else:
            view = pixels_in(message, detection.placement.camera_hw, 'bgr8', header)
            cv2.cvtColor(picture, cv2.COLOR_RGB2BGR, dst=view)


def _write_map(message: Image, topic: str, detection: Detection, header: Any) -> None:
    """Resize one map to camera size, straight into the message."""
    camera_hw = detection.placement.camera_hw
    if topic == 'segmentation':
        detection.labels_at_camera(out=pixels_in(message, camera_hw, 'mono8', header))
    elif topic == 'energy':
        detection.energy_at_camera(out=pixels_in(message, camera_hw, '32FC1', header))
    elif topic == 'anomaly_mask':
        detection.mask_at_camera(out=pixels_in(message, camera_hw, 'mono8', header))
    else:
        raise ValueError(f'topic must be one of {TOPICS}, got {topic!r}')
