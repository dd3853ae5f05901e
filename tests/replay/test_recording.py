"""Results are recorded as they came, once each, and latency is keyed by stamp."""

import threading
from pathlib import Path

import numpy as np
import pytest
from rosbags.typesys import Stores, get_typestore

from hopfield_pebal_ros.replay.bag_writer import image_message
from hopfield_pebal_ros.replay.bags import IMAGE_TYPE, open_bag
from hopfield_pebal_ros.replay.playback import RESULT_TOPICS
from hopfield_pebal_ros.replay.recording import ResultRecording


def cdr(stamp_ns: int, value: int) -> bytes:
    message = image_message(
        np.full((2, 2), value, np.uint8), 'mono8', stamp_ns=stamp_ns, frame_id='front'
    )
    types = get_typestore(Stores.ROS2_JAZZY)
    return bytes(types.serialize_cdr(message, IMAGE_TYPE))


def test_a_frame_is_complete_with_all_three_results(tmp_path: Path) -> None:
    with ResultRecording(tmp_path / 'bag') as recording:
        recording.latency.sent(7, 0.0)
        recording.latency.sent(8, 0.0)
        for topic in RESULT_TOPICS:
            recording.received(topic, cdr(7, 1))
        recording.received('/segmentation', cdr(8, 1))
        assert recording.num_complete() == 1
        assert recording.complete_stamps() == {7}
    assert list(recording.latency.latencies_ms()) == [7, 8]


def test_the_first_answer_is_kept_and_the_second_noticed(tmp_path: Path) -> None:
    with ResultRecording(tmp_path / 'bag') as recording:
        recording.latency.sent(7, 0.0)
        recording.received('/segmentation', cdr(7, 1))
        recording.received('/segmentation', cdr(7, 2))
    assert recording.latency.repeated() == [7]
    with open_bag(tmp_path / 'bag') as bag:
        (message,) = bag.messages(['/segmentation'])
    assert (message.stamp_ns, message.recorded_ns, message.message.data[0]) == (7, 7, 1)


def test_an_error_ends_the_writing_thread_and_removes_the_bag(tmp_path: Path) -> None:
    def fail_while_recording() -> None:
        with ResultRecording(tmp_path / 'bag') as recording:
            recording.received('/energy', cdr(7, 1))
            raise RuntimeError('stop')

    with pytest.raises(RuntimeError, match='stop'):
        fail_while_recording()
    assert not (tmp_path / 'bag').exists()
    assert 'result bag' not in {thread.name for thread in threading.enumerate()}
