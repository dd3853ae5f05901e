"""A played bag arrives byte for byte, at its pace, with its quality of service."""

import re
import signal
import subprocess
import sys
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
from rclpy.qos import DurabilityPolicy, LivelinessPolicy, QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import Image

from hopfield_pebal_ros.replay.bags import open_bag
from hopfield_pebal_ros.replay.play_bag import (
    PlayError,
    main,
    message_class,
    parse_remaps,
    to_profile,
)
from hopfield_pebal_ros.replay.recorded_qos import RecordedQos
from tests.replay.example_bags import FORMATS, STEP_NS, stamps, write_camera_bag


@contextmanager
def listener(
    topic: str, heard: list[tuple[float, Any]], *, message: Any = Image
) -> Iterator[Node]:
    """Collect (time of arrival, message) of a topic, from a context of its own."""
    context = Context()
    context.init()
    node = Node('listener', context=context)
    executor = SingleThreadedExecutor(context=context)
    executor.add_node(node)
    node.create_subscription(
        message,
        topic,
        lambda each: heard.append((time.monotonic(), each)),
        QoSProfile(depth=200),
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
        assert (
            main([str(bag), '--remap', 'image:=/front/image', '--rate', '2', '--delay-s', '3'])
            == 0
        )
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


def nanoseconds(stamp: Any) -> int:
    return int(stamp.sec) * 10**9 + int(stamp.nanosec)


def test_the_clock_runs_with_the_bag_and_jumps_back_in_a_loop(tmp_path: Path) -> None:
    images = [np.zeros((4, 4, 3), np.uint8)] * 4
    bag = write_camera_bag(tmp_path / 'bag', images)
    heard: list[tuple[float, Any]] = []
    command = [sys.executable, '-m', 'hopfield_pebal_ros.replay.play_bag', str(bag)]
    command += ['--loop', '--clock', '50', '--rate', '0.5']
    with (
        listener('/clock', heard, message=message_class('rosgraph_msgs/msg/Clock')),
        subprocess.Popen(command, stdout=subprocess.DEVNULL) as player,
    ):
        deadline_s = time.monotonic() + 60
        jumps: list[int] = []
        while len(jumps) < 2 and time.monotonic() < deadline_s:
            time.sleep(0.1)
            told = [nanoseconds(each.clock) for _, each in list(heard)]
            jumps = [index for index, step in enumerate(np.diff(told)) if step < 0]
        player.send_signal(signal.SIGINT)
        assert player.wait(10) == 0
    assert len(jumps) >= 2
    first, last = stamps(4)[0], stamps(4)[-1]
    late_ns = 100_000_000  # a busy machine
    assert first <= min(told) < first + late_ns
    assert last - 2 * STEP_NS < max(told) < last + late_ns
    one_pass = heard[jumps[0] + 1 : jumps[1] + 1]
    took_s = one_pass[-1][0] - one_pass[0][0]
    went_s = (nanoseconds(one_pass[-1][1].clock) - nanoseconds(one_pass[0][1].clock)) / 1e9
    assert went_s == pytest.approx(took_s / 2, abs=0.05)  # at half the pace


def test_the_start_can_be_left_out(tmp_path: Path) -> None:
    images = [np.full((4, 4, 3), value, np.uint8) for value in range(4)]
    bag = write_camera_bag(tmp_path / 'bag', images)
    heard: list[tuple[float, Any]] = []
    with listener('/image', heard):
        assert main([str(bag), '--start-offset-s', '0.2', '--delay-s', '3']) == 0
        deadline_s = time.monotonic() + 5
        while len(heard) < 2 and time.monotonic() < deadline_s:
            time.sleep(0.02)
    assert [message.data[0] for _, message in heard] == [2, 3]


def test_quality_of_service_is_the_recorded_one() -> None:
    profile = to_profile(
        RecordedQos(
            is_reliable=False,
            is_transient_local=True,
            depth=3,
            deadline_ns=100_000_000,
            lifespan_ns=2_000_000_000,
            is_liveliness_manual=True,
            liveliness_lease_ns=7,
        )
    )
    assert profile.reliability == ReliabilityPolicy.BEST_EFFORT
    assert profile.durability == DurabilityPolicy.TRANSIENT_LOCAL
    assert profile.depth == 3
    assert (profile.deadline.nanoseconds, profile.lifespan.nanoseconds) == (10**8, 2 * 10**9)
    assert profile.liveliness == LivelinessPolicy.MANUAL_BY_TOPIC
    assert profile.liveliness_lease_duration.nanoseconds == 7


def test_no_limit_stays_no_limit(tmp_path: Path) -> None:
    path = write_camera_bag(tmp_path / 'bag', [np.zeros((4, 4, 3), np.uint8)])
    with open_bag(path) as bag:
        recorded = bag.image_topic('/image').qos
    assert recorded == RecordedQos(is_reliable=True, depth=10)
    assert to_profile(recorded).deadline == QoSProfile(depth=1).deadline


def test_a_name_that_ros_2_refuses_can_be_renamed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    image = [np.zeros((4, 4, 3), np.uint8)]
    bag = write_camera_bag(tmp_path / 'bag', image, topic='/../../etc/passwd')
    assert main([str(bag)]) == 1
    assert re.search(r"'/../../etc/passwd' cannot be published.*--remap", capsys.readouterr().err)
    assert main([str(bag), '--remap', '/../../etc/passwd:=/image', '--delay-s', '0']) == 0


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
        (['--clock', '-1'], '--clock must not be negative, got -1'),
        (['--start-offset-s', '9'], '--start-offset-s 9 is past the end: the bag lasts 0.0 s'),
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
