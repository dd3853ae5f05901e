"""Play a bag over DDS to the detector node in its own process and record what comes back."""

import functools
import itertools
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import QoSProfile
from sensor_msgs.msg import Image

from hopfield_pebal_ros.contract.deployment import read_metadata
from hopfield_pebal_ros.replay.bag_clock import BagClock
from hopfield_pebal_ros.replay.bags import CAMERA_TOPIC, Bag, SerialisedMessage
from hopfield_pebal_ros.replay.cameras import BagCamera
from hopfield_pebal_ros.replay.detector_process import (
    CLOCK_TOPIC,
    DetectorProcess,
    NodeError,
    NodePlace,
    NodeSettings,
)
from hopfield_pebal_ros.replay.node_report import NodeReport
from hopfield_pebal_ros.replay.node_waits import (
    wait_for_news,
    wait_until_quiet,
    wait_until_ready,
)
from hopfield_pebal_ros.replay.play_bag import clock_published, open_publishers, play
from hopfield_pebal_ros.replay.playback import RECORDED_TOPICS, Playback, camera_topic
from hopfield_pebal_ros.replay.private_environment import private_environment
from hopfield_pebal_ros.replay.realtime_playback import realtime_playback, running_model
from hopfield_pebal_ros.replay.recording import ResultRecording

CLOCK_RATE_HZ: Final = 100.0


def run_realtime(
    bag: Bag,
    cameras: Sequence[BagCamera],
    settings: NodeSettings,
    *,
    result_bag: Path,
    bytes_per_frame: int,
    rate: float = 1.0,
    progress: Callable[[], Any] = lambda: None,
) -> tuple[Playback, ...]:
    """Play the cameras to one node and record its results.

    Args:
        bag: open.
        cameras: of the bag, as `settings` names them.
        settings: of the node.
        result_bag: bag to make.
        bytes_per_frame: of a camera image and of all results of it.
        rate: how many times as fast as recorded.
        progress: called for each frame that is sent.

    Returns:
        What happened to the frames of each camera.

    Raises:
        FileNotFoundError: no such model file.
        DeploymentError: the model file is not deployable.
        BagError: a damaged bag, or a disk that is full.
        NodeError: the node did not start, died, or answered nothing.
    """
    metadata = read_metadata(settings.model)
    frames_in: dict[str, list[int]] = {each.name: [] for each in cameras}
    report = NodeReport()

    with ResultRecording(result_bag, frames_in) as recording:

        def sent(camera: str, stamp_ns: int) -> None:
            frames_in[camera].append(stamp_ns)
            recording.answers[camera].latency.sent(stamp_ns, time.monotonic())
            progress()

        _play_to_node(
            bag,
            cameras,
            settings,
            recording=recording,
            report=report,
            bytes_per_frame=len(cameras) * bytes_per_frame,
            rate=rate,
            sent=sent,
        )
    model = running_model(settings, metadata, report.values)
    return tuple(
        realtime_playback(
            each,
            model,
            rate=rate,
            frames_in=frames_in[each.name],
            answers=recording.answers[each.name],
            report=report.of(each.name),
        )
        for each in cameras
    )


def _play_to_node(
    bag: Bag,
    cameras: Sequence[BagCamera],
    settings: NodeSettings,
    *,
    recording: ResultRecording,
    report: NodeReport,
    bytes_per_frame: int,
    rate: float,
    sent: Callable[[str, int], None],
) -> None:
    """Start the node, play the bag to it, and wait for its last results and counts.

    `sent` is called with camera and stamp just before a frame goes out.
    """
    place = NodePlace.of_this_process()
    names = {each.topic.name: each.name for each in cameras}
    played_as = {
        topic: place.topic(camera_topic(name, CAMERA_TOPIC)) for topic, name in names.items()
    }
    clock = BagClock(rate)
    with (
        private_environment(place.domain_id, bytes_per_frame=bytes_per_frame) as environment,
        _node(place.domain_id) as node,
    ):
        ears = _listen(node, recording, report, place)
        # first the publishers: the node fits its subscriptions to them
        publishers = open_publishers(node, [each.topic for each in cameras], played_as)
        with (
            DetectorProcess(settings, place, environment=environment) as process,
            clock_published(node, clock, rate_hz=CLOCK_RATE_HZ, topic=place.topic(CLOCK_TOPIC)),
        ):
            wait_until_ready(process, node, publishers.values(), ears, report)

            def before_publish(message: SerialisedMessage) -> None:
                process.check()
                sent(names[message.topic], message.stamp_ns)

            num_sent = play(bag, publishers, clock, before_publish=before_publish)
            wait_until_quiet(recording, process, report, num_sent)
            wait_for_news(report, process)
            if not recording.num_complete():
                raise NodeError(
                    f'{num_sent} frames were sent and no result came back; the last lines of '
                    f'the node:\n{process.last_lines()}'
                )


@contextmanager
def _node(domain_id: int) -> Iterator[Node]:
    """Give a node, apart from any other ROS in this process, and spin it."""
    context = Context()
    context.init(domain_id=domain_id)
    node = Node('replay', context=context)
    executor = SingleThreadedExecutor(context=context)
    executor.add_node(node)
    stop = threading.Event()
    thread = threading.Thread(target=_spin, args=(executor, stop), name='replay node')
    thread.start()
    try:
        yield node
    finally:
        stop.set()
        thread.join()
        executor.shutdown()
        node.destroy_node()
        context.try_shutdown()


def _spin(executor: SingleThreadedExecutor, stop: threading.Event) -> None:
    while not stop.is_set():
        executor.spin_once(timeout_sec=0.1)


def _listen(
    node: Node, recording: ResultRecording, report: NodeReport, place: NodePlace
) -> list[Any]:
    """Record every result topic and what the node says of itself; return the subscriptions."""

    def take_diagnostics(message: DiagnosticArray) -> None:
        statuses = {
            status.name.partition(': ')[2]: {each.key: each.value for each in status.values}
            for status in message.status
            if status.hardware_id == place.name
        }
        if statuses:
            report.add(statuses)

    ears = [node.create_subscription(DiagnosticArray, '/diagnostics', take_diagnostics, 10)]
    for camera, topic in itertools.product(recording.answers, RECORDED_TOPICS):
        take = functools.partial(recording.received, camera, topic)
        name = place.topic(camera_topic(camera, topic))
        ears.append(node.create_subscription(Image, name, take, QoSProfile(depth=10), raw=True))
    return ears
