"""Time from take to publish without inference: python -m benchmarks.node_overhead ours.

Runs 'ours' or the 'plain' node in this process on images of another one, from rclpy's take of the
image to the last publish; prints a JSON list [ms].
"""

import json
import sys
import time
from typing import Any

import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.parameter import Parameter

from benchmarks.node_processes import SMALL_ENGINE_S
from benchmarks.plain_node import PlainNode
from benchmarks.stand_in_engine import METADATA, StandInEngine
from hopfield_pebal_ros.inference.detector import AnomalyDetector
from hopfield_pebal_ros.node.detector_node import DetectorNode

NUM_FRAMES = 60
NUM_WARM_UP = 10


class TimedExecutor(SingleThreadedExecutor):  # type: ignore[misc]
    """Notes when the newest image was about to be taken."""

    def __init__(self) -> None:
        super().__init__()
        self.taken_s = 0.0

    def _take_subscription(self, sub: Any) -> Any:
        if sub.topic_name == '/image':
            self.taken_s = time.perf_counter()
        return super()._take_subscription(sub)


def main() -> None:
    rclpy.init()
    executor = TimedExecutor()
    overhead_ms: list[float] = []
    node = _ours(executor, overhead_ms) if sys.argv[1] == 'ours' else _plain(executor, overhead_ms)
    executor.add_node(node)
    give_up_s = time.monotonic() + 120
    while len(overhead_ms) < NUM_WARM_UP + NUM_FRAMES and time.monotonic() < give_up_s:
        executor.spin_once(timeout_sec=0.1)
    print(json.dumps(overhead_ms[NUM_WARM_UP:]))  # noqa: T201
    executor.shutdown()
    node.destroy_node()
    rclpy.shutdown()


def _ours(executor: TimedExecutor, overhead_ms: list[float]) -> Any:
    node = DetectorNode(
        open_detector=lambda *_, **__: AnomalyDetector(StandInEngine(SMALL_ENGINE_S), METADATA),
        parameter_overrides=[Parameter('output_size', value='network')],
    )
    report = node._health.published

    def published(camera: str, times: Any) -> None:
        total_ms = (time.perf_counter() - executor.taken_s) * 1e3
        overhead_ms.append(total_ms - times.inference_ms)
        report(camera, times)

    node._health.published = published  # type: ignore[method-assign]
    assert node.autostart()
    return node


def _plain(executor: TimedExecutor, overhead_ms: list[float]) -> Any:
    node = PlainNode(SMALL_ENGINE_S)
    callback = node._on_image

    def timed(message: Any) -> None:
        callback(message)
        total_ms = (time.perf_counter() - executor.taken_s) * 1e3
        overhead_ms.append(total_ms - node.inference_ms[-1])

    (subscription,) = [each for each in node.subscriptions if each.topic_name == '/image']
    subscription.callback = timed
    return node


if __name__ == '__main__':
    main()
