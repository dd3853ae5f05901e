"""A bag in segments: readable as one at any time, whatever becomes of its writer."""

import errno
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from rosbags.highlevel import AnyReader
from rosbags.rosbag2 import Writer

from hopfield_pebal_ros.replay.bags import BagError, open_bag
from hopfield_pebal_ros.replay.segmented_writer import SegmentedBagWriter
from tests.replay.test_recording import cdr

TOPIC = '/energy'


class Clock:
    """Stands still unless it is set."""

    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def write_segments(path: Path, stamps: list[list[int]]) -> SegmentedBagWriter:
    """Write these stamps, those of each list into a segment of its own; the last stays open."""
    clock = Clock()
    writer = SegmentedBagWriter(path, {TOPIC: 'reliable', '/other': 'reliable'}, clock=clock)
    for segment in stamps:
        for stamp_ns in segment:
            writer.write_serialised(TOPIC, stamp_ns, cdr(stamp_ns, stamp_ns))
        clock.now_s += 5.0
    return writer


def stamps_in(path: Path) -> list[int]:
    with open_bag(path) as bag:
        assert [message.message.data[0] for message in bag.messages([TOPIC])] == list(
            bag.recorded_by_stamp(TOPIC)
        )
        return list(bag.recorded_by_stamp(TOPIC))


def test_segments_are_one_bag(tmp_path: Path) -> None:
    write_segments(tmp_path / 'bag', [[3, 4], [5], [6, 7]]).close()
    names = [f'bag_{index}.mcap' for index in range(3)]
    assert sorted(each.name for each in (tmp_path / 'bag').iterdir()) == [*names, 'metadata.yaml']
    assert stamps_in(tmp_path / 'bag') == [3, 4, 5, 6, 7]
    with open_bag(tmp_path / 'bag') as bag:
        assert bag.message_at(TOPIC, 5).message.data[0] == 5
        assert bag.find_message(TOPIC, 8) is None
        assert bag.image_topic(TOPIC).num_messages == 5


def test_rosbag2_reads_it_as_any_split_bag(tmp_path: Path) -> None:
    write_segments(tmp_path / 'bag', [[3, 4], [5]]).close()
    with AnyReader([tmp_path / 'bag']) as reader:
        assert (reader.message_count, reader.start_time, reader.end_time) == (3, 3, 6)
        assert [stamp for _, stamp, _ in reader.messages()] == [3, 4, 5]


def test_what_is_closed_can_be_read_while_the_next_is_open(tmp_path: Path) -> None:
    writer = write_segments(tmp_path / 'bag', [[3], [4], [5]])
    assert stamps_in(tmp_path / 'bag') == [3, 4]
    writer.close_if_due()
    assert stamps_in(tmp_path / 'bag') == [3, 4, 5]
    writer.close()


def test_a_bag_without_messages_is_removed(tmp_path: Path) -> None:
    write_segments(tmp_path / 'bag', []).close()
    assert not (tmp_path / 'bag').exists()


def test_an_existing_folder_is_not_written_into(tmp_path: Path) -> None:
    with pytest.raises(BagError, match=r'cannot make bag.*name another folder'):
        SegmentedBagWriter(tmp_path, {})


def test_a_full_disk_costs_the_open_segment_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, 'No space left on device')

    writer = write_segments(tmp_path / 'bag', [[3], [4], [5]])
    with monkeypatch.context() as patch:
        patch.setattr(Writer, 'write', refuse)
        with pytest.raises(BagError, match=r'No space left on device.*is the disk full'):
            writer.write_serialised(TOPIC, 6, cdr(6, 6))
    writer.close()
    assert stamps_in(tmp_path / 'bag') == [3, 4, 5]


KILLED = """
import sys, time
from pathlib import Path
from hopfield_pebal_ros.replay.playback import RESULT_TOPICS
from hopfield_pebal_ros.replay.recording import ResultRecording
from tests.replay.test_recording import cdr

with ResultRecording(Path(sys.argv[1]), segment_s=0.2) as recording:
    for stamp_ns in range(1, 10_000):
        for topic in RESULT_TOPICS:
            recording.received('', topic, cdr(stamp_ns, stamp_ns % 256))
        print(stamp_ns, flush=True)
        time.sleep(0.02)
"""


def test_a_kill_costs_the_open_segment_only(tmp_path: Path) -> None:
    bag = tmp_path / 'bag'
    process = subprocess.Popen(
        [sys.executable, '-c', KILLED, str(bag)], stdout=subprocess.PIPE, text=True
    )
    try:
        deadline_s = time.monotonic() + 60
        while not (bag / 'bag_2.mcap').exists() and time.monotonic() < deadline_s:
            time.sleep(0.01)
    finally:
        process.send_signal(signal.SIGKILL)
    printed, _ = process.communicate(timeout=10)
    assert process.returncode == -signal.SIGKILL
    with open_bag(bag) as recorded:
        stamps = list(recorded.recorded_by_stamp(TOPIC))
    assert stamps == list(range(1, len(stamps) + 1))  # nothing is missing up to the last segment
    assert len(stamps) >= 2
    assert len(stamps) < len(printed.split())
    assert len([each for each in bag.iterdir() if each.is_dir()]) <= 1
