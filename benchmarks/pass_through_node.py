"""Takes images and publishes results of the same sizes as the detector's: what DDS costs."""

import contextlib
import sys
from typing import Any

import numpy as np
import rclpy
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node
from rclpy.qos import QoSProfile
from sensor_msgs.msg import Image

from hopfield_pebal_ros.node.image_messages import fill


class PassThroughNode(Node):  # type: ignore[misc]
    """Publishes zeros on `segmentation` and `energy` for every `image`.

    Args:
        map_hw: size of the results.
    """

    def __init__(self, map_hw: tuple[int, int]) -> None:
        super().__init__('pass_through')
        self._labels, self._energies = Image(), Image()
        fill(self._labels, np.zeros(map_hw, np.uint8), 'mono8', self._labels.header)
        fill(self._energies, np.zeros(map_hw, np.float32), '32FC1', self._energies.header)
        self._outputs = [
            (self.create_publisher(Image, topic, QoSProfile(depth=1)), message)
            for topic, message in (('segmentation', self._labels), ('energy', self._energies))
        ]
        self.create_subscription(Image, 'image', self._on_image, QoSProfile(depth=1))

    def _on_image(self, image: Any) -> None:
        for publisher, message in self._outputs:
            message.header = image.header
            publisher.publish(message)


def main() -> None:
    rclpy.init()
    node = PassThroughNode((int(sys.argv[1]), int(sys.argv[2])))
    with contextlib.suppress(KeyboardInterrupt, ExternalShutdownException):
        rclpy.spin(node)


if __name__ == '__main__':
    main()
