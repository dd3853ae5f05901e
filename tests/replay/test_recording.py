"""Results are recorded as they came, once each, and latency is keyed by stamp."""

import errno
import threading
from pathlib import Path

import numpy as np
import pytest
from rosbags.rosbag2 import Writer
from rosbags.typesys import Stores, get_typestore

from hopfield_pebal_ros.replay.bag_writer import image_message
from hopfield_pebal_ros.replay.bags import IMAGE_TYPE, BagError, open_bag
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
        recording.answers[''].latency.sent(7, 0.0)
        recording.answers[''].latency.sent(8, 0.0)
        for topic in RESULT_TOPICS:
            recording.received('', topic, cdr(7, 1))
        recording.received('', '/segmentation', cdr(8, 1))
        assert recording.num_complete() == 1
        assert recording.answers[''].complete_stamps() == {7}
    assert list(recording.answers[''].latency.latencies_ms()) == [7, 8]


def test_the_first_answer_is_kept_and_the_second_noticed(tmp_path: Path) -> None:
    with ResultRecording(tmp_path / 'bag') as recording:
        recording.answers[''].latency.sent(7, 0.0)
        recording.received('', '/segmentation', cdr(7, 1))
        recording.received('', '/segmentation', cdr(7, 2))
    assert recording.answers[''].latency.repeated() == [7]
    with open_bag(tmp_path / 'bag') as bag:
        (message,) = bag.messages(['/segmentation'])
    assert (message.stamp_ns, message.recorded_ns, message.message.data[0]) == (7, 7, 1)


def test_an_error_ends_the_writing_thread_and_keeps_what_was_recorded(tmp_path: Path) -> None:
    def fail_while_recording() -> None:
        with ResultRecording(tmp_path / 'bag') as recording:
            recording.received('', '/energy', cdr(7, 1))
            raise RuntimeError('stop')

    with pytest.raises(RuntimeError, match='stop'):
        fail_while_recording()
    with open_bag(tmp_path / 'bag') as bag:
        assert list(bag.recorded_by_stamp('/energy')) == [7]
    assert 'result bag' not in {thread.name for thread in threading.enumerate()}


def test_cameras_with_the_same_stamps_are_told_apart(tmp_path: Path) -> None:
    with ResultRecording(tmp_path / 'bag', ['front', 'left']) as recording:
        for camera, value in (('front', 1), ('left', 2)):
            recording.answers[camera].latency.sent(7, 0.0)
            for topic in RESULT_TOPICS:
                recording.received(camera, topic, cdr(7, value))
        assert recording.num_complete() == 2
    with open_bag(tmp_path / 'bag') as bag:
        assert bag.message_at('/front/energy', 7).message.data[0] == 1
        assert bag.message_at('/left/energy', 7).message.data[0] == 2


def test_a_full_disk_is_reported_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, 'No space left on device')

    def record() -> None:
        with ResultRecording(tmp_path / 'bag') as recording:
            for stamp_ns in range(200):  # more than wait in the queue
                recording.received('', '/energy', cdr(stamp_ns, 1))

    monkeypatch.setattr(Writer, 'write', refuse)
    with pytest.raises(BagError, match='is the disk full'):
        record()
    assert not (tmp_path / 'bag').exists()
