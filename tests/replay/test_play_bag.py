"""A played bag arrives byte for byte, at its pace, with its quality of service."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip('rclpy')

from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import Image

from hopfield_pebal_ros.replay.play_bag import PlayError, main, parse_remaps, to_profile
from hopfield_pebal_ros.replay.recorded_qos import RecordedQos
from tests.replay.example_bags import FORMATS, STEP_NS, stamps, write_camera_bag


@contextmanager
def listener(topic: str, heard: list[tuple[float, Any]]) -> Iterator[Node]:
    """Collect (time of arrival, message) of a topic, from a context of its own."""
    context = Context()
    context.init()
    node = Node('listener', context=context)
    executor = SingleThreadedExecutor(context=context)
    executor.add_node(node)
    node.create_subscription(
        Image,
        topic,
        lambda message: heard.append((time.monotonic(), message)),
        QoSProfile(depth=20),
    )
    stop = threading.Event()

    def spin() -> None:
        while not stop.is_set():
            executor.spin_once(timeout_sec=0.05)

    thread = threading.Thread(target=spin)
    thread.start()
    try:
        yield node
    finally:
        stop.set()
        thread.join()
        executor.shutdown()
        node.destroy_node()
        context.try_shutdown()


@pytest.mark.parametrize('file_format', FORMATS)
def test_messages_arrive_as_recorded(tmp_path: Path, file_format: str) -> None:
    rng = np.random.default_rng(0)
    images = [rng.integers(0, 256, (8, 12, 3), dtype=np.uint8) for _ in range(4)]
    bag = write_camera_bag(tmp_path / 'bag', images, file_format=file_format)
    heard: list[tuple[float, Any]] = []
    with listener('/front/image', heard):
        assert main([str(bag), '--remap', 'image:=/front/image', '--rate', '2']) == 0
        deadline = time.monotonic() + 5
        while len(heard) < 4 and time.monotonic() < deadline:
            time.sleep(0.02)
    arrived = [message for _, message in heard]
    assert [each.header.stamp.sec * 10**9 + each.header.stamp.nanosec for each in arrived] == (
        stamps(4)
    )
    for message, image in zip(arrived, images, strict=True):
        assert (message.header.frame_id, message.encoding) == ('front', 'bgr8')
        np.testing.assert_array_equal(np.frombuffer(message.data, np.uint8), image.ravel())
    took_s = heard[-1][0] - heard[0][0]
    assert took_s == pytest.approx(3 * STEP_NS / 1e9 / 2, abs=0.1)  # at twice the pace


def test_quality_of_service_is_the_recorded_one() -> None:
    profile = to_profile(RecordedQos(is_reliable=False, is_transient_local=True, depth=3))
    assert profile.reliability == ReliabilityPolicy.BEST_EFFORT
    assert profile.durability == DurabilityPolicy.TRANSIENT_LOCAL
    assert profile.depth == 3


def test_remaps_are_made_absolute() -> None:
    assert parse_remaps(['image:=front', '/a:=/b']) == {'/image': '/front', '/a': '/b'}


@pytest.mark.parametrize('word', ['image', 'image:=', ':=front', 'image=front'])
def test_a_word_that_is_no_remap_is_refused(word: str) -> None:
    with pytest.raises(PlayError, match='OLD:=NEW'):
        parse_remaps([word])


@pytest.mark.parametrize(
    ('arguments', 'reason'),
    [
        (['--rate', '0'], '--rate must be positive, got 0'),
        (['--remap', 'rear:=x'], '--remap names /rear, which is not played; played are /image'),
        (['--topics', 'rear'], 'no messages on image topic /rear'),
    ],
)
def test_what_cannot_be_played_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], reason: str
) -> None:
    bag = write_camera_bag(tmp_path / 'bag', [np.zeros((4, 4, 3), np.uint8)])
    assert main([str(bag), *arguments]) == 1
    assert reason in capsys.readouterr().err


def test_a_bag_that_is_not_there_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path / 'absent')]) == 1
    assert 'no bag at' in capsys.readouterr().err
