"""Time from take to publish without inference: python -m benchmarks.node_overhead ours.

Runs 'ours' or the 'plain' node in this process on images of another one, from rclpy's take of the
image to the last publish; prints JSON: the times, the processor times of the process, which other
programs on the machine change less, and where our node's times went [ms].
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
from hopfield_pebal_ros.node.health import FrameTimes
from hopfield_pebal_ros.node.spinning import hand_over_quickly

NUM_FRAMES = 60
NUM_WARM_UP = 10


class TimedExecutor(SingleThreadedExecutor):  # type: ignore[misc]
    """Notes when the newest image was about to be taken, and when it was there."""

    def __init__(self) -> None:
        super().__init__()
        self.num_taken = 0
        self.taken_s = 0.0
        self.taken_processor_s = 0.0
        self.take_ms = 0.0

    def _take_subscription(self, sub: Any) -> Any:
        if sub.topic_name != '/image':
            return super()._take_subscription(sub)
        self.num_taken += 1
        self.taken_s = time.perf_counter()
        self.taken_processor_s = time.process_time()
        taken = super()._take_subscription(sub)
        self.take_ms = (time.perf_counter() - self.taken_s) * 1e3
        return taken


class Record:
    """The times of the images that had the process to themselves [ms]."""

    def __init__(self, executor: TimedExecutor) -> None:
        self._executor = executor
        self.times: list[float] = []
        self.processor_times: list[float] = []
        self.stages: dict[str, list[float]] = {}

    def published(self, inference_ms: float, stages: FrameTimes | None = None) -> None:
        """Note an image whose results are out, unless the next one was taken before that."""
        executor = self._executor
        is_alone, executor.num_taken = executor.num_taken == 1, 0
        if not is_alone:
            return
        time_ms = (time.perf_counter() - executor.taken_s) * 1e3 - inference_ms
        self.times.append(time_ms)
        self.processor_times.append((time.process_time() - executor.taken_processor_s) * 1e3)
        if stages is not None:
            self._note(
                take=executor.take_ms,
                hand_over=time_ms - executor.take_ms - stages.processing_ms + inference_ms,
                preprocess=stages.decode_ms + stages.preprocess_ms,
                postprocess=stages.postprocess_ms,
                publish=stages.publish_ms,
            )

    def _note(self, **stages: float) -> None:
        for name, value in stages.items():
            self.stages.setdefault(name, []).append(value)


def main() -> None:
    rclpy.init()
    hand_over_quickly()
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
