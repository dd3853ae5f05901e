"""Play a bag over DDS to the detector node in its own process and record what comes back."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from diagnostic_msgs.msg import DiagnosticArray
from lifecycle_msgs.msg import State
from lifecycle_msgs.srv import GetState
from rclpy.context import Context
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import QoSProfile
from sensor_msgs.msg import Image

from hopfield_pebal_ros.contract.deployment import read_metadata
from hopfield_pebal_ros.evaluation.latency import percentiles_ms
from hopfield_pebal_ros.replay.bags import IMAGE_TYPE, Bag, BagError, ImageTopic, SerialisedMessage
from hopfield_pebal_ros.replay.detector_process import DetectorProcess, NodeError, NodeSettings
from hopfield_pebal_ros.replay.play_bag import open_publishers, play
from hopfield_pebal_ros.replay.playback import Playback, RunningModel
from hopfield_pebal_ros.replay.recording import RECORDED_TOPICS, ResultRecording

READY_WITHIN_S: Final = 90.0
"""Loading and warming up a large model on a busy machine takes its time."""

QUIET_S: Final = 3.0
"""No result for so long after the last frame was sent: nothing more will come."""

SETTLE_S: Final = 0.5
"""Given to the node's publishers to find our subscriptions."""


def private_environment() -> dict[str, str]:
    """Return settings that keep DDS on this machine and apart from other ROS programs on it."""
    return {
        'ROS_AUTOMATIC_DISCOVERY_RANGE': 'LOCALHOST',
        'ROS_DOMAIN_ID': str(1 + os.getpid() % 100),
    }


def run_realtime(
    bag: Bag,
    topic: ImageTopic,
    settings: NodeSettings,
    *,
    result_bag: Path,
    progress: Callable[[], Any] = lambda: None,
) -> Playback:
    """Play the camera images at their recorded pace and record the node's results.

    Args:
        bag: open.
        topic: camera images, not compressed.
        settings: of the node.
        result_bag: bag to make.
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
    environment = private_environment()
    frames_in: list[int] = []
    with (
        ResultRecording(result_bag) as recording,
        _ros(environment) as (node, _),
        DetectorProcess(settings, camera_topic=topic.name, environment=environment) as process,
    ):
        ears = _Ears(node, recording)
        publishers = open_publishers(node, [topic], {})
        _wait_until_ready(node, process, publishers[topic.name], ears)

        def before_publish(message: SerialisedMessage) -> None:
            process.check()
            frames_in.append(message.stamp_ns)
            recording.latency.sent(message.stamp_ns, time.monotonic())
            progress()

        play(bag, publishers, rate=1.0, before_publish=before_publish)
        _wait_until_quiet(recording, process, len(frames_in))
        ears.wait_for_diagnostics(process)
        if not recording.num_complete():
            raise NodeError(
                f'{len(frames_in)} frames were sent and no result came back; the last lines of '
                f'the node:\n{process.last_lines()}'
            )
        diagnostics = ears.diagnostics
    return _playback(topic, settings, metadata, frames_in, recording, diagnostics)
