"""The result topics of one camera, each made only where somebody listens."""

import copy
from collections.abc import Callable
from typing import Any, Final

from rclpy.event_handler import PublisherEventCallbacks
from rclpy.qos import DurabilityPolicy, QoSPolicyKind, QoSProfile, ReliabilityPolicy
from rclpy.qos_overriding_options import QoSOverridingOptions
from sensor_msgs.msg import CameraInfo, CompressedImage, Image, PointCloud2
from std_msgs.msg import Float64

from hopfield_pebal_ros.contract.metadata import Metadata
from hopfield_pebal_ros.inference.detection import Detection
from hopfield_pebal_ros.node.camera_frame import CameraFrame
from hopfield_pebal_ros.node.camera_parameters import topic_of
from hopfield_pebal_ros.node.geometry_input import GeometryInput
from hopfield_pebal_ros.node.health import FrameTimes
from hopfield_pebal_ros.node.input_choice import explain_refused_listeners
from hopfield_pebal_ros.node.point_cloud import point_cloud
from hopfield_pebal_ros.node.result_messages import ResultMessages
from hopfield_pebal_ros.node.vision_messages import label_info, region_array, vision_msgs

QOS: Final = QoSProfile(depth=1, reliability=ReliabilityPolicy.RELIABLE)
"""Fits reliable subscribers, such as RViz, and best effort ones."""

LATCHED: Final = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)

GEOMETRY_TOPICS: Final = frozenset({'camera_info', 'anomaly_points'})
"""Results that need the camera's own camera_info."""

DEBUG_TIMES: Final = {
    'processing_time_ms': 'processing_ms',
    'pipeline_latency_ms': 'latency_ms',
    'inference_time_ms': 'inference_ms',
}
"""Topics below debug/ -> what they tell; they alone make no result."""

_MAY_BE_OVERRIDDEN: Final = (QoSPolicyKind.RELIABILITY, QoSPolicyKind.DEPTH)

_WARN_EVERY_S: Final = 10.0

Maker = Callable[[CameraFrame, Detection], Any]
"""Makes the message of a result; None where it cannot be made."""


class Outputs:
    """Publishers of one camera's results; every result has the header of its image.

    Args:
        node: that the publishers belong to.
        camera: name, a prefix of the topics.
        metadata: of the model.
        geometry: of the camera.
        on_listeners: called when a subscriber comes or goes.
    """

    def __init__(
        self,
        node: Any,
        camera: str,
        *,
        metadata: Metadata,
        geometry: GeometryInput,
        on_listeners: Callable[[], None],
    ) -> None:
        self._node = node
        self._camera = camera
        self._geometry = geometry
        self._on_listeners = on_listeners
        self._vision = vision_msgs()
        self.messages = ResultMessages(
            metadata.label_set.palette_rgb(), node.parameters.output_size
        )
        kinds = self._kinds()
        self._makers = {topic: maker for topic, (_, maker) in kinds.items()}
        self._publishers = {topic: self._advertise(topic, kinds[topic][0]) for topic in kinds}
        self._debug = {
            field: node.create_publisher(Float64, topic_of(camera, f'debug/{name}'), 10)
            for name, field in DEBUG_TIMES.items()
        }
        if self._vision is not None:
            names = label_info(self._vision, metadata.label_set, node.get_clock().now().to_msg())
            latched = node.create_publisher(
                self._vision.LabelInfo, topic_of(camera, 'label_info'), LATCHED
            )
            latched.publish(names)
            self._latched = [latched]
        else:
            self._latched = []

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
            message = self._makers[topic](frame, detection)
            if message is not None:
                self._publishers[topic].publish(message)

    def publish_times(self, times: FrameTimes) -> None:
        """Publish where the time of a frame went, for plots."""
        for name, publisher in self._debug.items():
            if publisher.get_subscription_count():
                publisher.publish(Float64(data=getattr(times, name)))

    def close(self) -> None:
        publishers = [*self._publishers.values(), *self._latched, *self._debug.values()]
        for publisher in publishers:
            self._node.destroy_publisher(publisher)
        self._publishers = {}
        self._latched = []
        self._debug = {}

    def _kinds(self) -> dict[str, tuple[Any, Maker]]:
        """Return topic -> message type and what makes the message."""
        messages, geometry, vision = self.messages, self._geometry, self._vision
        kinds: dict[str, tuple[Any, Maker]] = {
            'segmentation': (Image, messages.segmentation),
            'segmentation/compressed': (CompressedImage, messages.segmentation_png),
            'energy': (Image, messages.energy),
            'anomaly_mask': (Image, messages.anomaly_mask),
            'overlay': (
                Image,
                lambda frame, found: messages.overlay(
                    frame, found, self._node.parameters.overlay_label_alpha
                ),
            ),
            'camera_info': (
                CameraInfo,
                lambda frame, found: geometry.camera_info(frame, found, messages.map_hw(found)),
            ),
            'anomaly_points': (PointCloud2, self._points),
        }
        if vision is not None:
            kinds['anomaly_regions'] = (
                vision.Detection2DArray,
                lambda frame, found: region_array(vision, found, frame.header),
            )
        return kinds

    def _points(self, frame: CameraFrame, detection: Detection) -> PointCloud2 | None:
        points = self._geometry.ground_points(frame, detection)
        if points is None:
            return None
        base_frame = self._node.parameters.base_frame
        return point_cloud(points, frame_id=base_frame, stamp=frame.header.stamp)

    def _advertise(self, name: str, message_type: Any) -> Any:
        relative = topic_of(self._camera, name)
        topic = self._node.resolve_topic_name(relative)

        def on_refused(_: Any) -> None:
            why = explain_refused_listeners(
                topic, self._node.get_subscriptions_info_by_topic(topic)
            )
            self._node.get_logger().warning(why, throttle_duration_sec=_WARN_EVERY_S)

        return self._node.create_publisher(
            message_type,
            relative,
            copy.copy(QOS),  # the overrides are written into it
            event_callbacks=PublisherEventCallbacks(
                incompatible_qos=on_refused,
                matched=lambda _: self._on_listeners(),
                use_default_callbacks=False,
            ),
            qos_overriding_options=QoSOverridingOptions(_MAY_BE_OVERRIDDEN),
        )
