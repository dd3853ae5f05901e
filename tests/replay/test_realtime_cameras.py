"""The real node over real DDS: two cameras in one process, and a looped bag with use_sim_time."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

pytest.importorskip('rclpy')

from diagnostic_msgs.msg import DiagnosticArray
from rosbags.rosbag2 import Writer
from rosbags.typesys import Stores, get_typestore
from sensor_msgs.msg import Image

from hopfield_pebal_ros.replay.bag_writer import image_message
from hopfield_pebal_ros.replay.bags import COMPRESSED_IMAGE_TYPE, IMAGE_TYPE, open_bag
from hopfield_pebal_ros.replay.evaluate_bag import main
from hopfield_pebal_ros.replay.results import read_result
from tests.replay.example_bags import stamps, write_camera_bag
from tests.replay.test_play_bag import listener, nanoseconds


def raw_and_compressed(path: Path, num_frames: int) -> Path:
    """Write /front/image, all of energy 10, and /left/image/compressed, all of energy 2."""
    types = get_typestore(Stores.ROS2_JAZZY)
    pixels = {'front': np.zeros((48, 96, 3), np.uint8), 'left': np.zeros((48, 96, 3), np.uint8)}
    pixels['front'][..., 2], pixels['left'][..., 2] = 255, 51
    with Writer(path, version=9) as writer:
        front = writer.add_connection('/front/image', IMAGE_TYPE, typestore=types)
        left = writer.add_connection(
            '/left/image/compressed', COMPRESSED_IMAGE_TYPE, typestore=types
        )
        for stamp_ns in stamps(num_frames):
            image = image_message(pixels['front'], 'bgr8', stamp_ns=stamp_ns, frame_id='front')
            _, png = cv2.imencode('.png', pixels['left'])
            compressed = types.types[COMPRESSED_IMAGE_TYPE](
                header=image.header, format='png', data=png.ravel()
            )
            writer.write(front, stamp_ns, types.serialize_cdr(image, IMAGE_TYPE))
            raw = types.serialize_cdr(compressed, COMPRESSED_IMAGE_TYPE)
            writer.write(left, stamp_ns, raw)
    return path


def test_two_cameras_in_one_node(tmp_path: Path, tiny_model: Path) -> None:
    bag = raw_and_compressed(tmp_path / 'bag', 6)
    arguments = ['--bag', str(bag), '--model', str(tiny_model), '--out', str(tmp_path / 'out')]
    arguments += ['--mode', 'realtime', '--cameras', 'front', 'left', '--rate', '0.5']
    assert main([*arguments, '--use-sim-time', '--require', 'frames_out:min=2']) == 0
    summary: dict[str, Any] = json.loads((tmp_path / 'out' / 'summary.json').read_text('utf-8'))
    assert [summary[key] for key in ('mode', 'rate', 'frames_in')] == ['realtime', 0.5, 12]
    for name in ('front', 'left'):
        camera = summary['cameras'][name]
        assert camera['frames_in'] == 6
        assert camera['frames_out'] + camera['frames_dropped'] == 6
        assert camera['frames_out'] >= 1  # a busy machine may drop some
        assert camera['latency_ms']['p99'] >= camera['latency_ms']['p50'] > 0
    lines = (tmp_path / 'out' / 'result.jsonl').read_text('utf-8').splitlines()
    answered = [each for each in map(json.loads, lines) if each['status'] == 'ok']
    assert len(answered) == summary['frames_out']
    with open_bag(tmp_path / 'out' / 'result_bag') as results:
        for each in answered:
            found = read_result(results, each['stamp_ns'], camera=each['camera'])
            energy = {'front': 10.0, 'left': 2.0}[each['camera']]
            np.testing.assert_allclose(found.energy_map, energy, atol=1e-5)


def test_a_looped_bag_with_use_sim_time(tmp_path: Path, tiny_model: Path) -> None:
    bag = write_camera_bag(tmp_path / 'bag', [np.zeros((48, 96, 3), np.uint8)] * 4)
    node = [sys.executable, '-m', 'hopfield_pebal_ros.node.detector_node', '--ros-args']
    node += ['-p', 'use_sim_time:=true', '-p', f'model:={tiny_model}']
    node += ['-p', 'diagnostics_period_s:=0.2']
    player = [sys.executable, '-m', 'hopfield_pebal_ros.replay.play_bag', str(bag)]
    player += ['--loop', '--clock', '100']
    heard: list[tuple[float, Any]] = []
    said: list[tuple[float, Any]] = []

    def jumps_back() -> int:
        found = [nanoseconds(each.header.stamp) for _, each in list(heard)]
        return int(np.count_nonzero(np.diff(found) < 0))

    with (
        listener('/segmentation', heard, message=Image),
        listener('/diagnostics', said, message=DiagnosticArray),
        subprocess.Popen(node, stderr=subprocess.DEVNULL) as detector,
        subprocess.Popen(player, stdout=subprocess.DEVNULL) as playing,
    ):
        deadline_s = time.monotonic() + 90
        while jumps_back() < 3 and time.monotonic() < deadline_s:
            assert detector.poll() is None
            time.sleep(0.1)
        num_jumps = jumps_back()
        for process in (playing, detector):
            process.send_signal(signal.SIGINT)
        assert [playing.wait(20), detector.wait(20)] == [0, 0]
    assert num_jumps >= 3
    assert {nanoseconds(each.header.stamp) for _, each in heard} <= set(stamps(4))
    last = {each.name: each for each in said[-1][1].status}
    values = {each.key: each.value for status in last.values() for each in status.values}
    assert int(values['images_published']) >= 6
    assert 0 <= float(values['pipeline_latency_ms_p50']) < 5_000  # of bag time, not of today
    assert values['images_rejected'] == '0'
