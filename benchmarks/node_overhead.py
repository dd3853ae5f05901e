"""Time from take to publish without inference: python -m benchmarks.node_overhead ours.

Runs 'ours' or the 'plain' node in this process on images of another one, from rclpy's take of the
image to the last publish; prints JSON: the times, the processor times of the process, which other
programs on the machine change less, and where our node's times went [ms].
"""

import json
import sys
import time
from typing import Any, NamedTuple

import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.parameter import Parameter

from benchmarks.node_processes import SMALL_ENGINE_S
from benchmarks.plain_node import PlainNode
from benchmarks.stand_in_engine import METADATA, StandInEngine
from hopfield_pebal_ros.inference.detector import AnomalyDetector
from hopfield_pebal_ros.node.detector_node import DetectorNode
from hopfield_pebal_ros.node.health import FrameTimes
from hopfield_pebal_ros.node.large_buffers import keep_freed_memory
from hopfield_pebal_ros.node.spinning import hand_over_quickly

NUM_FRAMES = 60
NUM_WARM_UP = 10


class TimedExecutor(SingleThreadedExecutor):  # type: ignore[misc]
    """Notes when the newest image was about to be taken, and how long that took."""

    def __init__(self) -> None:
        super().__init__()
        self.newest = Taken(0.0, 0.0, 0.0)

    def _take_subscription(self, sub: Any) -> Any:
        if sub.topic_name != '/image':
            return super()._take_subscription(sub)
        start_s, processor_s = time.perf_counter(), time.process_time()
        taken = super()._take_subscription(sub)
        self.newest = Taken(start_s, processor_s, (time.perf_counter() - start_s) * 1e3)
        return taken


class Taken(NamedTuple):
    """One image: the time and the processor time before it was taken, and what that took."""

    start_s: float
    processor_s: float
    take_ms: float


class Record:
    """The times of the images that had the node to themselves [ms]."""

    def __init__(self, executor: TimedExecutor) -> None:
        self._executor = executor
        self._published_s = 0.0
        self.times: list[float] = []
        self.processor_times: list[float] = []
        self.stages: dict[str, list[float]] = {}

    def published(self, inference_ms: float, stages: FrameTimes | None = None) -> None:
        """Note an image whose results are out, if no other was taken or in work meanwhile."""
        image, now_s = self._executor.newest, time.perf_counter()
        time_ms = (now_s - image.start_s) * 1e3 - inference_ms
        processor_ms = (time.process_time() - image.processor_s) * 1e3
        was_idle, self._published_s = self._published_s < image.start_s, now_s
        worked_ms = 0.0 if stages is None else stages.processing_ms - inference_ms
        hand_over_ms = time_ms - image.take_ms - worked_ms
        if not was_idle or hand_over_ms < 0:
            return
        self.times.append(time_ms)
        self.processor_times.append(processor_ms)
        if stages is not None:
            self._note(
                take=image.take_ms,
                hand_over=hand_over_ms,
                convert=stages.decode_ms,
                resize=stages.preprocess_ms,
                postprocess=stages.postprocess_ms,
                publish=stages.publish_ms,
            )

    def _note(self, **stages: float) -> None:
        for name, value in stages.items():
            self.stages.setdefault(name, []).append(value)


def main() -> None:
    rclpy.init()
    hand_over_quickly()
    keep_freed_memory()
    executor = TimedExecutor()
    record = Record(executor)
    node = _ours(record) if sys.argv[1] == 'ours' else _plain(record)
    executor.add_node(node)
    give_up_s = time.monotonic() + 120
    while len(record.times) < NUM_WARM_UP + NUM_FRAMES and time.monotonic() < give_up_s:
        executor.spin_once(timeout_sec=0.1)
    print(  # noqa: T201
        json.dumps(
            {
                'times': record.times[NUM_WARM_UP:],
                'processor_times': record.processor_times[NUM_WARM_UP:],
                'stages': {name: each[NUM_WARM_UP:] for name, each in record.stages.items()},
            }
        )
    )
    executor.shutdown()
    node.destroy_node()
    rclpy.shutdown()


def _ours(record: Record) -> Any:
    node = DetectorNode(
        open_detector=lambda *_, **__: AnomalyDetector(StandInEngine(SMALL_ENGINE_S), METADATA),
        parameter_overrides=[Parameter('output_size', value='network')],
    )
    report = node._health.published

    def published(camera: str, times: FrameTimes) -> None:
        record.published(times.inference_ms, times)
        report(camera, times)

    node._health.published = published  # type: ignore[method-assign]
    assert node.autostart()
    return node


def _plain(record: Record) -> Any:
    node = PlainNode(SMALL_ENGINE_S)
    callback = node._on_image

    def timed(message: Any) -> None:
        callback(message)
        record.published(node.inference_ms[-1])

    (subscription,) = [each for each in node.subscriptions if each.topic_name == '/image']
    subscription.callback = timed
    return node


if __name__ == '__main__':
    main()
