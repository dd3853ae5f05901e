"""Listens to results: python -m benchmarks.node_listener energy segmentation --seconds 10.

Prints one JSON line: for each topic the latencies [ms] from the stamp of the image, and when the
first result came (seconds since the epoch).
"""

import argparse
import functools
import json
import time

import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.qos import QoSProfile
from rclpy.serialization import deserialize_message
from sensor_msgs.msg import Image
from std_msgs.msg import Header


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('topics', nargs='+')
    parser.add_argument('--seconds', type=float, default=10.0)
    parser.add_argument('--count', type=int, default=10**9, help='end with so many of a topic')
    arguments = parser.parse_args()
    rclpy.init()
    node = rclpy.create_node('benchmark_listener')
    latency_ms: dict[str, list[float]] = {topic: [] for topic in arguments.topics}
    first_s: list[float] = []

    def take(topic: str, serialised: bytes) -> None:
        now_ns = time.time_ns()
        first_s.append(now_ns / 1e9)
        latency_ms[topic].append((now_ns - _stamp_ns(serialised)) / 1e6)

    for topic in arguments.topics:
        node.create_subscription(
            Image, topic, functools.partial(take, topic), QoSProfile(depth=5), raw=True
        )
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    end_s = time.monotonic() + arguments.seconds
    while time.monotonic() < end_s and min(map(len, latency_ms.values())) < arguments.count:
        executor.spin_once(timeout_sec=0.05)
    print(json.dumps({'first_s': first_s[:1], 'latency_ms': latency_ms}))  # noqa: T201
    executor.shutdown()
    node.destroy_node()
    rclpy.shutdown()


def _stamp_ns(serialised: bytes) -> int:
    """Return the stamp alone: reading the whole image would take longer than its way here."""
    stamp = deserialize_message(serialised[:12] + bytes(8), Header).stamp
    return int(stamp.sec * 10**9 + stamp.nanosec)


if __name__ == '__main__':
    main()
