"""Play a bag over DDS to the detector node in its own process and record what comes back."""

import functools
import os
import tempfile
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
from hopfield_pebal_ros.replay.bags import (
    CAMERA_TOPIC,
    IMAGE_TYPE,
    Bag,
    BagError,
    ImageTopic,
    SerialisedMessage,
)
from hopfield_pebal_ros.replay.detector_process import (
    DetectorProcess,
    NodeError,
    NodePlace,
    NodeSettings,
)
from hopfield_pebal_ros.replay.node_report import NodeReport
from hopfield_pebal_ros.replay.play_bag import open_publishers, play
from hopfield_pebal_ros.replay.playback import Playback
from hopfield_pebal_ros.replay.realtime_playback import realtime_playback
from hopfield_pebal_ros.replay.recording import RECORDED_TOPICS, ResultRecording
from hopfield_pebal_ros.replay.shared_memory import shared_memory_environment

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
    topic: ImageTopic,
    settings: NodeSettings,
    *,
    result_bag: Path,
    bytes_per_frame: int,
    progress: Callable[[], Any] = lambda: None,
) -> Playback:
    """Play the camera images at their recorded pace and record the node's results.

    Args:
        bag: open.
        topic: camera images, not compressed.
        settings: of the node.
        result_bag: bag to make.
        bytes_per_frame: of the camera image and of all results of it.
        progress: called for each frame that is sent.

    Raises:
        FileNotFoundError: no such model file.
        DeploymentError: the model file is not deployable.
        BagError: compressed images, or a damaged bag.
        NodeError: the node did not start, died, or answered nothing.
    """
    if topic.message_type != IMAGE_TYPE:
        raise BagError(
            f'{topic.name} has {topic.message_type}, the node subscribes to {IMAGE_TYPE}; use '
            '--mode offline for compressed images'
        )
    metadata = read_metadata(settings.model)
    place = NodePlace.of_this_process()
    frames_in: list[int] = []
    with (
        ResultRecording(result_bag) as recording,
        private_environment(place.domain_id, bytes_per_frame=bytes_per_frame) as environment,
        _node(place.domain_id) as node,
        DetectorProcess(
            settings, place, is_reliable=topic.qos.is_reliable, environment=environment
        ) as process,
    ):
        report = NodeReport()
        ears = _listen(node, recording, report, place)
        publishers = open_publishers(node, [topic], {topic.name: place.topic(CAMERA_TOPIC)})
        _wait_until_ready(process, publishers[topic.name], ears, report)

        def before_publish(message: SerialisedMessage) -> None:
            process.check()
            frames_in.append(message.stamp_ns)
            recording.latency.sent(message.stamp_ns, time.monotonic())
            progress()

        play(bag, publishers, rate=1.0, before_publish=before_publish)
        _wait_until_quiet(recording, process, report, len(frames_in))
        _wait_for_news(report, process)
        if not recording.num_complete():
            raise NodeError(
                f'{len(frames_in)} frames were sent and no result came back; the last lines of '
                f'the node:\n{process.last_lines()}'
            )
    return realtime_playback(
        topic.name, settings, metadata, frames_in=frames_in, recording=recording, report=report
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
        values = {
            each.key: each.value
            for status in message.status
            if status.hardware_id == place.name
            for each in status.values
        }
        if values:
            report.add(values)

    ears = [node.create_subscription(DiagnosticArray, '/diagnostics', take_diagnostics, 10)]
    for topic in RECORDED_TOPICS:
        take = functools.partial(recording.received, topic)
        ears.append(
            node.create_subscription(
                Image, place.topic(topic), take, QoSProfile(depth=10), raw=True
            )
        )
    return ears


def _wait_until_ready(
    process: DetectorProcess, publisher: Any, ears: Sequence[Any], report: NodeReport
) -> None:
    """Wait until the node is active and subscribed, and its results are found.

    Raises:
        NodeError: it took too long, or the node died.
    """
    give_up_s = time.monotonic() + READY_WITHIN_S
    while (
        report.values.get('lifecycle_state') != 'active'
        or not publisher.get_subscription_count()
        or not all(ear.get_publisher_count() for ear in ears)
    ):
        process.check()
        if time.monotonic() > give_up_s:
            raise NodeError(
                f'the detector node was {report.values.get("lifecycle_state", "not heard of")} '
                f'{READY_WITHIN_S:.0f} s after its start, or did not subscribe to '
                f'{publisher.topic_name}; its last lines:\n{process.last_lines()}'
            )
        time.sleep(0.05)
    time.sleep(SETTLE_S)


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
