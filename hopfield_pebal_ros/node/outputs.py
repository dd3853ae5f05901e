"""The result topics of one camera, each made only where somebody listens."""

import copy
from collections.abc import Callable
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt
from rclpy.event_handler import PublisherEventCallbacks
from rclpy.qos import QoSPolicyKind, QoSProfile, ReliabilityPolicy
from rclpy.qos_overriding_options import QoSOverridingOptions
from sensor_msgs.msg import Image

from hopfield_pebal_ros.inference.detection import Detection
from hopfield_pebal_ros.inference.overlay import draw_overlay
from hopfield_pebal_ros.node.camera_frame import CameraFrame
from hopfield_pebal_ros.node.camera_parameters import topic_of
from hopfield_pebal_ros.node.image_messages import fill, pixels_in
from hopfield_pebal_ros.node.input_choice import explain_refused_listeners

TOPICS: Final = ('segmentation', 'energy', 'anomaly_mask', 'overlay')

QOS: Final = QoSProfile(depth=1, reliability=ReliabilityPolicy.RELIABLE)
"""Fits reliable subscribers, such as RViz, and best effort ones."""

_MAY_BE_OVERRIDDEN: Final = (QoSPolicyKind.RELIABILITY, QoSPolicyKind.DEPTH)

_WARN_EVERY_S: Final = 10.0

Pixels = npt.NDArray[np.uint8]


class Outputs:
    """Publishers of one camera's results at camera size, with the header of the image.

    Args:
        node: that the publishers belong to.
        camera: name, a prefix of the topics.
        palette_rgb: (256, 3) uint8, colours of the overlay.
        label_alpha: gives the share of the class colour in the overlay, 0..1.
        on_listeners: called when a subscriber comes or goes.
    """

    def __init__(
        self,
        node: Any,
        camera: str,
        palette_rgb: Pixels,
        *,
        label_alpha: Callable[[], float],
        on_listeners: Callable[[], None],
    ) -> None:
        self._node = node
        self._palette_rgb = palette_rgb
        self._label_alpha = label_alpha
        # publish() has copied a message when it returns, so each is used again
        self._messages = {topic: Image() for topic in TOPICS}
        self._on_listeners = on_listeners
        self._publishers = {topic: self._advertise(topic_of(camera, topic)) for topic in TOPICS}

    def wanted(self) -> tuple[str, ...]:
        """Return the topics that have a subscriber."""
        return tuple(
            topic
            for topic, publisher in self._publishers.items()
            if publisher.get_subscription_count()
        )

    def publish(self, frame: CameraFrame, detection: Detection) -> None:
        """Make and publish what somebody listens to."""
        for topic in frame.topics:
            message = self._messages[topic]
            if topic == 'overlay':
                self._draw(message, frame, detection)
            else:
                _write_map(message, topic, detection, frame.header)
            self._publishers[topic].publish(message)

    def _advertise(self, name: str) -> Any:
        topic = self._node.resolve_topic_name(name)

        def on_refused(_: Any) -> None:
            why = explain_refused_listeners(
                topic, self._node.get_subscriptions_info_by_topic(topic), 'RELIABLE'
            )
            self._node.get_logger().warning(why, throttle_duration_sec=_WARN_EVERY_S)

        return self._node.create_publisher(
            Image,
            name,
            copy.copy(QOS),  # the overrides are written into it
            event_callbacks=PublisherEventCallbacks(
                incompatible_qos=on_refused,
                matched=lambda _: self._on_listeners(),
                use_default_callbacks=False,
            ),
            qos_overriding_options=QoSOverridingOptions(_MAY_BE_OVERRIDDEN),
        )

    def close(self) -> None:
        for publisher in self._publishers.values():
            self._node.destroy_publisher(publisher)
        self._publishers = {}

    def _draw(self, message: Image, frame: CameraFrame, detection: Detection) -> None:
        picture = draw_overlay(
            frame.image,
            detection,
            self._palette_rgb,
            color_order=frame.color_order,
            label_alpha=self._label_alpha(),
        )
        if frame.color_order == 'bgr':
            fill(message, picture, 'bgr8', frame.header)
        else:
            view = pixels_in(message, detection.placement.camera_hw, 'bgr8', frame.header)
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
