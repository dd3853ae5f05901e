"""Play a bag over DDS to the detector node in its own process and record what comes back."""

import functools
import itertools
import os
import tempfile
import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
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
from hopfield_pebal_ros.replay.play_bag import clock_published, open_publishers, play
from hopfield_pebal_ros.replay.playback import RECORDED_TOPICS, Playback, camera_topic
from hopfield_pebal_ros.replay.realtime_playback import realtime_playback, running_model
from hopfield_pebal_ros.replay.recording import ResultRecording
from hopfield_pebal_ros.replay.shared_memory import shared_memory_environment

CLOCK_RATE_HZ: Final = 100.0

READY_WITHIN_S: Final = 90.0
"""Loading and warming up a large model on a busy machine takes its time."""

QUIET_S: Final = 2.0
"""No result for so long after the last frame was sent: nothing more will come."""

SETTLE_S: Final = 0.5
"""Given to the node's publishers to find our subscriptions."""


@contextmanager
def private_environment(domain_id: int, *, bytes_per_frame: int) -> Iterator[dict[str, str]]:
    """Give settings that keep DDS on this machine and apart from other ROS programs on it.

    They hold in this process, and are to be handed to others, within the `with` block.
    """
    with tempfile.TemporaryDirectory() as folder:
        settings = {
            **shared_memory_environment(Path(folder), bytes_per_frame=bytes_per_frame),
            'ROS_AUTOMATIC_DISCOVERY_RANGE': 'LOCALHOST',
            'ROS_DOMAIN_ID': str(domain_id),
        }
        before = {name: os.environ.get(name) for name in settings}
        os.environ.update(settings)
        try:
            yield settings
        finally:
            for name, value in before.items():
                os.environ.pop(name, None)
                if value is not None:
                    os.environ[name] = value


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
    place = NodePlace.of_this_process()
    names = {each.topic.name: each.name for each in cameras}
    played_as = {
        topic: place.topic(camera_topic(name, CAMERA_TOPIC)) for topic, name in names.items()
    }
    frames_in: dict[str, list[int]] = {each.name: [] for each in cameras}
    clock = BagClock(rate)
    with (
        ResultRecording(result_bag, frames_in) as recording,
        private_environment(
            place.domain_id, bytes_per_frame=len(cameras) * bytes_per_frame
        ) as environment,
        _node(place.domain_id) as node,
    ):
        report = NodeReport()
        ears = _listen(node, recording, report, place)
        # first the publishers: the node fits its subscriptions to them
        publishers = open_publishers(node, [each.topic for each in cameras], played_as)
        with (
            DetectorProcess(settings, place, environment=environment) as process,
            clock_published(node, clock, rate_hz=CLOCK_RATE_HZ, topic=place.topic(CLOCK_TOPIC)),
        ):
            _wait_until_ready(process, node, publishers.values(), ears, report)

            def before_publish(message: SerialisedMessage) -> None:
                process.check()
                name = names[message.topic]
                frames_in[name].append(message.stamp_ns)
                recording.answers[name].latency.sent(message.stamp_ns, time.monotonic())
                progress()

            num_sent = play(bag, publishers, clock, before_publish=before_publish)
            _wait_until_quiet(recording, process, report, num_sent)
            _wait_for_news(report, process)
            if not recording.num_complete():
                raise NodeError(
                    f'{num_sent} frames were sent and no result came back; the last lines of '
                    f'the node:\n{process.last_lines()}'
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


@contextmanager
def _node(domain_id: int) -> Iterator[Node]:
    """Give a node of our own, apart from any other ROS in this process, and spin it."""
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


def _wait_until_ready(
    process: DetectorProcess,
    node: Node,
    publishers: Collection[Any],
    ears: Sequence[Any],
    report: NodeReport,
) -> None:
    """Wait until the node is active and subscribed, and its results are found.

    Raises:
        NodeError: it took too long, or the node died.
    """
    give_up_s = time.monotonic() + READY_WITHIN_S
    while (
        report.values.get('lifecycle_state') != 'active'
        or not all(_is_heard(node, publisher) for publisher in publishers)
        or not all(ear.get_publisher_count() for ear in ears)
    ):
        process.check()
        if time.monotonic() > give_up_s:
            raise NodeError(
                f'the detector node was {report.values.get("lifecycle_state", "not heard of")} '
                f'{READY_WITHIN_S:.0f} s after its start, or did not subscribe to '
                f'{", ".join(each.topic_name for each in publishers)}; its last lines:\n'
                f'{process.last_lines()}'
            )
        time.sleep(0.05)
    time.sleep(SETTLE_S)


def _is_heard(node: Node, publisher: Any) -> bool:
    """Return whether the node is subscribed as fits the publisher."""
    offered = publisher.qos_profile.reliability
    subscriptions = node.get_subscriptions_info_by_topic(publisher.topic_name)
    return publisher.get_subscription_count() > 0 and any(
        each.qos_profile.reliability == offered for each in subscriptions
    )


def _wait_until_quiet(
    recording: ResultRecording, process: DetectorProcess, report: NodeReport, num_sent: int
) -> None:
    """Wait for the last results: until all are there, or none came for `QUIET_S`."""
    count, since_s = -1, time.monotonic()
    while recording.num_complete() < num_sent and time.monotonic() - since_s < QUIET_S:
        process.check()
        num_answered = recording.num_complete() + report.num_without_result()
        if num_answered >= num_sent:
            return
        if num_answered != count:
            count, since_s = num_answered, time.monotonic()
        time.sleep(0.05)


def _wait_for_news(report: NodeReport, process: DetectorProcess) -> None:
    """Wait for diagnostics made after the last frame; without them there are no counts."""
    enough, give_up_s = report.num_messages + 2, time.monotonic() + QUIET_S
    while report.num_messages < enough and time.monotonic() < give_up_s:
        process.check()
        time.sleep(0.02)
