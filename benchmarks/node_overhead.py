"""Time from take to publish without inference: python -m benchmarks.node_overhead ours.

Runs 'ours' or the 'plain' node in this process on images of another one, from rclpy's take of the
image to the last publish; prints JSON: the times, and the processor times of the process, which
other programs on the machine change less [ms].
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
        self.taken_processor_s = 0.0

    def _take_subscription(self, sub: Any) -> Any:
        if sub.topic_name == '/image':
            self.taken_s = time.perf_counter()
            self.taken_processor_s = time.process_time()
        return super()._take_subscription(sub)

    def since_take(self, inference_ms: float) -> tuple[float, float]:
        """Return the time and the processor time since then without inference [ms]."""
        processor_ms = (time.process_time() - self.taken_processor_s) * 1e3
        return (time.perf_counter() - self.taken_s) * 1e3 - inference_ms, processor_ms


def main() -> None:
    rclpy.init()
    executor = TimedExecutor()
    overhead_ms: list[tuple[float, float]] = []
    node = _ours(executor, overhead_ms) if sys.argv[1] == 'ours' else _plain(executor, overhead_ms)
    executor.add_node(node)
    give_up_s = time.monotonic() + 120
    while len(overhead_ms) < NUM_WARM_UP + NUM_FRAMES and time.monotonic() < give_up_s:
        executor.spin_once(timeout_sec=0.1)
    times, processor_times = zip(*overhead_ms[NUM_WARM_UP:], strict=True)
    print(json.dumps({'times': times, 'processor_times': processor_times}))  # noqa: T201
    executor.shutdown()
    node.destroy_node()
    rclpy.shutdown()


def _ours(executor: TimedExecutor, overhead_ms: list[tuple[float, float]]) -> Any:
    node = DetectorNode(
        open_detector=lambda *_, **__: AnomalyDetector(StandInEngine(SMALL_ENGINE_S), METADATA),
        parameter_overrides=[Parameter('output_size', value='network')],
    )
    report = node._health.published

    def published(camera: str, times: Any) -> None:
        overhead_ms.append(executor.since_take(times.inference_ms))
        report(camera, times)

    node._health.published = published  # type: ignore[method-assign]
    assert node.autostart()
    return node


def _plain(executor: TimedExecutor, overhead_ms: list[tuple[float, float]]) -> Any:
    node = PlainNode(SMALL_ENGINE_S)
    callback = node._on_image

    def timed(message: Any) -> None:
        callback(message)
        overhead_ms.append(executor.since_take(node.inference_ms[-1]))

    (subscription,) = [each for each in node.subscriptions if each.topic_name == '/image']
    subscription.callback = timed
    return node


if __name__ == '__main__':
    main()
