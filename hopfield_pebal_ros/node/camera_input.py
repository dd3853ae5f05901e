"""One camera's subscription: puts the newest image into its slot, and explains silence."""

from collections.abc import Sequence
from typing import Any, Final

from diagnostic_msgs.msg import DiagnosticStatus
from rclpy.event_handler import SubscriptionEventCallbacks
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import Image

from hopfield_pebal_ros.node.diagnostics import Limits, camera_status, processing_time_status
from hopfield_pebal_ros.node.frame_slots import FrameSlots
from hopfield_pebal_ros.node.health import Health

IMAGE_TYPE: Final = 'sensor_msgs/msg/Image'

_WARN_EVERY_S: Final = 10.0


class CameraInput:
    """The subscription of one camera; its callback only stores the message.

    Args:
        node: that the subscription belongs to.
        camera: name in slots and health.
        topic: relative name.
        reliability: 'best_effort' or 'reliable'.
        slots: where images go.
        health: told of every image.
    """

    def __init__(
        self,
        node: Any,
        camera: str,
        *,
        topic: str,
        reliability: str,
        slots: FrameSlots[Image],
        health: Health,
    ) -> None:
        self._node = node
        self._camera = camera
        self._reliability = reliability
        self._slots = slots
        self._health = health
        self._subscription = node.create_subscription(
            Image,
            topic,
            self._on_image,
            QoSProfile(depth=1, reliability=ReliabilityPolicy[reliability.upper()]),
            event_callbacks=SubscriptionEventCallbacks(message_lost=self._on_lost),
        )

    def close(self) -> None:
        self._node.destroy_subscription(self._subscription)

    def statuses(self, limits: Limits) -> list[DiagnosticStatus]:
        """Return the diagnostics of this camera, and log why no image comes, if none does."""
        health = self._health.of(self._camera)
        topic = self._subscription.topic_name
        if health.silent_s > limits.image_timeout_s:
            why = explain_silence(
                topic,
                self._node.get_publishers_info_by_topic(topic),
                reliability=self._reliability,
            )
            self._node.get_logger().warning(
                f'no image for {health.silent_s:.1f} s: {why}',
                throttle_duration_sec=_WARN_EVERY_S,
            )
        return [
            camera_status(
                health,
                camera=self._camera,
                topic=topic,
                num_dropped=self._slots.num_dropped(self._camera),
                limits=limits,
            ),
            processing_time_status(health, limits=limits),
        ]

    def _on_image(self, message: Image) -> None:
        self._health.received(self._camera)
        self._slots.put(self._camera, message)

    def _on_lost(self, event: Any) -> None:
        self._health.lost(self._camera, event.total_count_change)


def explain_silence(topic: str, publishers: Sequence[Any], *, reliability: str) -> str:
    """Return what keeps images away, as far as the ROS graph tells.

    Args:
        topic: resolved name.
        publishers: of this topic, as `get_publishers_info_by_topic` returns them.
        reliability: of our subscription, 'best_effort' or 'reliable'.
    """
    if not publishers:
        return (
            f'nobody publishes {topic}; start the camera, or remap image '
            '(ros2 launch: image_topic:=...)'
        )
    names = ', '.join(sorted(f'{each.node_name} ({each.topic_type})' for each in publishers))
    images = [each for each in publishers if each.topic_type == IMAGE_TYPE]
    if not images:
        return f'{topic} is not of type {IMAGE_TYPE}; it is published by {names}'
    offered = {each.qos_profile.reliability.name for each in images}
    if reliability == 'reliable' and 'RELIABLE' not in offered:
        return (
            f'{topic} is published as best effort by {names}, which a reliable subscription does '
            'not get; set image_reliability to best_effort'
        )
    if reliability == 'best_effort':
        return (
            f'{topic} is published by {names} and nothing arrives; if they do send, large images '
            'are lost on the way: set image_reliability to reliable, or give the middleware '
            'larger buffers'
        )
    return f'{topic} is published by {names}, but they send nothing'
