"""One camera's subscription: there while somebody listens, fitted to the publisher."""

from typing import Any, Final

from rclpy.event_handler import SubscriptionEventCallbacks
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import CompressedImage, Image

from hopfield_pebal_ros.node.frame_slots import FrameSlots
from hopfield_pebal_ros.node.health import Health
from hopfield_pebal_ros.node.input_choice import InputChoice, choose_input, explain_silence

_MESSAGES: Final = {'raw': Image, 'compressed': CompressedImage}

_WARN_EVERY_S: Final = 10.0


class CameraInput:
    """Receives one camera's images; its callback only stores the message.

    Args:
        node: that the subscription belongs to.
        camera: name in slots and health.
        topic: relative name.
        transport: 'auto', 'raw' or 'compressed'.
        reliability: 'auto', 'best_effort' or 'reliable'.
        slots: where images go.
        health: told of every image.
    """

    def __init__(
        self,
        node: Any,
        camera: str,
        *,
        topic: str,
        transport: str,
        reliability: str,
        slots: FrameSlots[Any],
        health: Health,
    ) -> None:
        self._node = node
        self._camera = camera
        self._name = topic
        self.topic: str = node.resolve_topic_name(topic)
        self._transport = transport
        self._reliability = reliability
        self._slots = slots
        self._health = health
        self._subscription: Any = None
        self._choice = InputChoice('raw', 'best_effort')
        self._is_receiving = False
        health.want(camera, False)

    def want(self, is_wanted: bool) -> None:
        """Subscribe, or let go of the subscription, where that is a change."""
        if is_wanted == (self._subscription is not None):
            return
        self._health.want(self._camera, is_wanted)
        if is_wanted:
            self._subscribe(self._fitting())
        else:
            self.close()

    def look(self) -> None:
        """Subscribe anew where nothing comes and the publishers ask for another subscription."""
        if self._subscription is None or self._is_receiving:
            self._is_receiving = False
            return
        fitting = self._fitting()
        if fitting != self._choice:
            self.close()
            self._subscribe(fitting)

    def warn_of_silence(self) -> None:
        """Log why no image comes."""
        silent_s = self._health.of(self._camera).silent_s
        why = explain_silence(self.topic, self._publishers(), self._choice)
        self._node.get_logger().warning(
            f'no image for {silent_s:.1f} s: {why}', throttle_duration_sec=_WARN_EVERY_S
        )

    def close(self) -> None:
        if self._subscription is not None:
            self._node.destroy_subscription(self._subscription)
            self._subscription = None

    def _publishers(self) -> list[Any]:
        return list(self._node.get_publishers_info_by_topic(self.topic))

    def _fitting(self) -> InputChoice:
        return choose_input(
            self._publishers(), transport=self._transport, reliability=self._reliability
        )

    def _subscribe(self, choice: InputChoice) -> None:
        self._choice = choice
        self._is_receiving = False
        self._subscription = self._node.create_subscription(
            _MESSAGES[choice.transport],
            self._name,
            self._on_image,
            QoSProfile(depth=1, reliability=ReliabilityPolicy[choice.reliability.upper()]),
            event_callbacks=SubscriptionEventCallbacks(
                message_lost=self._on_lost,
                incompatible_qos=lambda _: self.warn_of_silence(),
                use_default_callbacks=False,
            ),
        )

    def _on_image(self, message: Any) -> None:
        self._is_receiving = True
        self._health.received(self._camera)
        self._slots.put(self._camera, message)

    def _on_lost(self, event: Any) -> None:
        self._health.lost(self._camera, event.total_count_change)
