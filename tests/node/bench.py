"""A detector node and a probe that talks to it over real DDS; needs rclpy."""

import os
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import numpy as np
import rclpy
from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticArray
from rcl_interfaces.srv import SetParameters
from rclpy.executors import SingleThreadedExecutor
from rclpy.parameter import Parameter
from rclpy.qos import QoSProfile
from sensor_msgs.msg import CameraInfo, CompressedImage, Image, PointCloud2
from std_msgs.msg import Header

from hopfield_pebal_ros.inference.detector import AnomalyDetector
from hopfield_pebal_ros.inference.engine import NetworkMaps
from hopfield_pebal_ros.node.camera_parameters import topic_of
from hopfield_pebal_ros.node.detector_node import DetectorNode
from hopfield_pebal_ros.node.health import CameraHealth
from hopfield_pebal_ros.node.image_messages import fill
from tests.tiny_model import TINY_METADATA

PATIENCE_S = 20.0

NAMESPACE = f'/bench{os.getpid()}'
"""Away from another run on the same ROS domain."""


def arguments_in(namespace: str) -> list[str]:
    return ['--ros-args', '-r', f'__ns:={namespace}', '-r', '/diagnostics:=diagnostics']


ARGUMENTS = arguments_in(NAMESPACE)

KINDS = {
    'compressed': CompressedImage,
    'camera_info': CameraInfo,
    'anomaly_points': PointCloud2,
}
"""Message types of the outputs that are no images, by the last part of the topic."""

PICTURE_BGR = np.random.default_rng(0).integers(0, 256, (64, 128, 3), np.uint8)


def image_message(picture: np.ndarray, number: int, encoding: str = 'bgr8') -> Any:
    """Return an image whose stamp and frame tell its number."""
    message = Image()
    header = Header(stamp=Time(sec=1000 + number, nanosec=number), frame_id=f'camera {number}')
    fill(message, picture, 'bgr8', header)
    message.encoding = encoding
    return message


def array_of(message: Any) -> np.ndarray:
    """Read one of our outputs with as few lines as possible."""
    dtype, channels = {'mono8': ('u1', ()), '32FC1': ('<f4', ()), 'bgr8': ('u1', (3,))}[
        message.encoding
    ]
    return np.frombuffer(message.data, dtype).reshape(message.height, message.width, *channels)


class FakeEngine:
    """Energy = red / 25.5, label = green // 16; may be held back, and may fail."""

    backend, device, precision = 'fake', 'none', 'fp32'
    num_streams = 1

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds = seconds
        self.error: Exception | None = None
        self.num_runs = 0
        self.may_run = threading.Event()
        self.may_run.set()

    def infer(self, images: np.ndarray) -> NetworkMaps:
        self.num_runs += 1
        self.may_run.wait(PATIENCE_S)
        time.sleep(self.seconds)
        if self.error is not None:
            raise self.error
        red, green = images[..., 0], images[..., 1]
        return NetworkMaps(green // 16, red.astype(np.float32) / np.float32(25.5))

    def close(self) -> None:
        pass


class Bench:
    """The node under test, a probe beside it, and the executor of both."""

    def __init__(self, node: DetectorNode) -> None:
        self.node = node
        self.probe = rclpy.create_node('probe', cli_args=arguments_in(node.get_namespace()))
        self.received: dict[str, list[Any]] = defaultdict(list)
        self.cameras = {
            name: self.probe.create_publisher(Image, topic_of(name, 'image'), QoSProfile(depth=10))
            for name in node.parameters.cameras
        }
        self._ears: dict[str, Any] = {}
        self._listen(DiagnosticArray, 'diagnostics')
        self._executor = SingleThreadedExecutor()
        self._executor.add_node(node)
        self._executor.add_node(self.probe)

    def listen(self, *topics: str) -> None:
        """Subscribe to outputs, and wait until the node knows."""
        for topic in topics:
            self._listen(KINDS.get(topic.rpartition('/')[2], Image), topic)
        self.wait(lambda: all(self._is_heard(topic) for topic in topics))

    def stop_listening(self) -> None:
        """Unsubscribe from all outputs."""
        for topic in [each for each in self._ears if each != 'diagnostics']:
            self.probe.destroy_subscription(self._ears.pop(topic))

    def activate(self, *topics: str) -> None:
        """Configure, activate, listen to outputs, and wait until their cameras are connected."""
        assert self.node.autostart()
        self.listen(*topics)

    def publish(
        self, picture: np.ndarray, number: int, encoding: str = 'bgr8', camera: str = ''
    ) -> None:
        self.cameras[camera].publish(image_message(picture, number, encoding))

    def health(self, camera: str = '') -> CameraHealth:
        return self.node._health.of(camera)

    def wait(self, condition: Callable[[], Any], patience_s: float = PATIENCE_S) -> None:
        """Spin until the condition holds; fail when it does not in time."""
        end_s = time.monotonic() + patience_s
        while not condition():
            assert time.monotonic() < end_s, 'waited in vain'
            self._executor.spin_once(timeout_sec=0.02)

    def spin_for(self, seconds: float) -> None:
        end_s = time.monotonic() + seconds
        while time.monotonic() < end_s:
            self._executor.spin_once(timeout_sec=0.02)

    def call(self, service_type: Any, name: str, request: Any) -> Any:
        client = self.probe.create_client(service_type, name)
        self.wait(client.service_is_ready)
        future = client.call_async(request)
        self.wait(future.done)
        return future.result()

    def set_parameter(self, name: str, value: Any) -> Any:
        request = SetParameters.Request(
            parameters=[Parameter(name, value=value).to_parameter_msg()]
        )
        return self.call(SetParameters, 'detector/set_parameters', request).results[0]

    def stamps(self, topic: str) -> list[int]:
        """Return the numbers of the images whose results came back."""
        return [message.header.stamp.sec - 1000 for message in self.received[topic]]

    def status(self, task: str) -> Any:
        """Return the newest status of a task, made after this call."""
        self.received['diagnostics'].clear()
        self.wait(lambda: self.received['diagnostics'])
        statuses = self.received['diagnostics'][-1].status
        (found,) = [each for each in statuses if each.name == f'detector: {task}']
        return found

    def values(self, task: str) -> dict[str, str]:
        return {each.key: each.value for each in self.status(task).values}

    def close(self) -> None:
        self._executor.shutdown()
        self.node.destroy_node()
        self.probe.destroy_node()

    def _is_heard(self, topic: str) -> bool:
        """Tell whether the node knows that we listen, and its camera knows the node."""
        camera = next(each for each in self.cameras if not each or topic.startswith(f'{each}/'))
        name = topic.removeprefix(f'{camera}/')
        is_wanted = name in self.node._cameras[camera].outputs.wanted()
        return is_wanted and self.cameras[camera].get_subscription_count() == 1

    def _listen(self, message_type: Any, topic: str) -> None:
        self._ears[topic] = self.probe.create_subscription(
            message_type, topic, self.received[topic].append, QoSProfile(depth=20)
        )


def open_bench(
    engine: FakeEngine | None, parameters: dict[str, Any], *, namespace: str = NAMESPACE
) -> Bench:
    """Make a bench whose node is not configured yet.

    Args:
        engine: runs in place of the model's own, with the tiny model's metadata.
        parameters: given at the start.
        namespace: of node and probe.
    """

    def with_fake(*_: Any, **__: Any) -> AnomalyDetector:
        assert engine is not None
        return AnomalyDetector(engine, TINY_METADATA)

    return Bench(
        DetectorNode(
            cli_args=arguments_in(namespace),
            open_detector=AnomalyDetector.open if engine is None else with_fake,
            parameter_overrides=[Parameter(name, value=each) for name, each in parameters.items()],
        )
    )
