"""Cameras for the node's benchmarks: python -m benchmarks.node_camera --rate 5 --seconds 10."""

import argparse
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import rclpy
from builtin_interfaces.msg import Time
from rclpy.qos import QoSProfile
from sensor_msgs.msg import Image

from hopfield_pebal_ros.node.camera_parameters import topic_of
from hopfield_pebal_ros.node.image_messages import fill
from hopfield_pebal_ros.scenes.drive import Drive


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--cameras', default='')
    parser.add_argument('--rate', type=float, default=5.0, help='of each camera [Hz]')
    parser.add_argument('--seconds', type=float, default=10.0)
    parser.add_argument('--hw', type=int, nargs=2, default=(1080, 1920))
    arguments = parser.parse_args()
    rclpy.init()
    node = rclpy.create_node('benchmark_camera')
    publishers = [
        node.create_publisher(Image, topic_of(each, 'image'), QoSProfile(depth=1))
        for each in arguments.cameras.split(',')
    ]
    height, width = arguments.hw
    picture = np.ascontiguousarray(
        Drive(3, image_hw=(height, width)).frame(0).image_rgb[..., ::-1]
    )
    message = Image()
    fill(message, picture, 'bgr8', message.header)
    message.header.frame_id = 'camera'
    _publish(publishers, message, rate_hz=arguments.rate, seconds=arguments.seconds)
    node.destroy_node()
    rclpy.shutdown()


def _publish(publishers: Sequence[Any], message: Image, *, rate_hz: float, seconds: float) -> None:
    """Publish on all topics, evenly one after the other, stamped with the time."""
    period_s = 1 / rate_hz / len(publishers)
    start_s = time.monotonic()
    for turn in range(int(seconds * rate_hz) * len(publishers)):
        time.sleep(max(0.0, start_s + turn * period_s - time.monotonic()))
        seconds_now, nanoseconds = divmod(time.time_ns(), 10**9)
        message.header.stamp = Time(sec=seconds_now, nanosec=nanoseconds)
        publishers[turn % len(publishers)].publish(message)


if __name__ == '__main__':
    main()
