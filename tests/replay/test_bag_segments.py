"""Several files as one bag: in order, of every kind, and without the one left open."""

from pathlib import Path

import pytest

from hopfield_pebal_ros.replay.bag_writer import BagWriter, image_message
from hopfield_pebal_ros.replay.bags import CAMERA_TOPIC, BagError, open_bag
from tests.replay.example_bags import FORMATS, stamps, write_camera_bag
from tests.replay.test_bags import pictures


def read(path: Path) -> list[tuple[str, int]]:
    with open_bag(path) as bag:
        topics = [each.name for each in bag.image_topics]
        return [(each.topic, each.stamp_ns) for each in bag.messages(topics)]


def write_at(path: Path, topic: str, times_ns: list[int]) -> None:
    with BagWriter(path, {topic: 'reliable'}) as writer:
        for stamp_ns in times_ns:
            message = image_message(pictures(1)[0], 'bgr8', stamp_ns=stamp_ns, frame_id='')
            writer.write(topic, stamp_ns, message)


def test_a_folder_of_bags_is_read_in_the_order_of_recording(tmp_path: Path) -> None:
    write_at(tmp_path / 'drive' / 'a', '/left', [30, 40])
    write_at(tmp_path / 'drive' / 'b', '/left', [10, 20])
    write_at(tmp_path / 'drive' / 'c', '/right', [15, 35])
    left, right = '/left', '/right'
    assert read(tmp_path / 'drive') == [
        (left, 10), (right, 15), (left, 20), (left, 30), (right, 35), (left, 40),
    ]  # fmt: skip


@pytest.mark.parametrize('file_format', FORMATS)
def test_files_without_metadata_are_read(tmp_path: Path, file_format: str) -> None:
    folder = tmp_path / 'segments'
    folder.mkdir()
    path = write_camera_bag(tmp_path / 'bag', pictures(3), file_format=file_format)
    file = path if path.is_file() else next(path.glob('bag.*'))
    file.rename(folder / f'drive_0{file.suffix}')
    assert read(folder) == [(CAMERA_TOPIC, each) for each in stamps(3)]


@pytest.mark.parametrize('file_format', FORMATS)
def test_the_segment_that_a_killed_recorder_left_open_is_left_out(
    tmp_path: Path, file_format: str
) -> None:
    folder = tmp_path / 'segments'
    folder.mkdir()
    path = write_camera_bag(tmp_path / 'bag', pictures(3), file_format=file_format)
    file = path if path.is_file() else next(path.glob('bag.*'))
    (folder / f'drive_2{file.suffix}').write_bytes(file.read_bytes())
    cut = folder / f'drive_10{file.suffix}'
    cut.write_bytes(file.read_bytes()[:-40] if file_format != 'sqlite3' else b'')
    with open_bag(folder) as bag:
        assert bag.unclosed_segment == cut
        assert bag.image_topic(CAMERA_TOPIC).num_messages == 3


def test_a_damaged_segment_among_others_is_refused(tmp_path: Path) -> None:
    for name in 'ab':
        write_at(tmp_path / name, CAMERA_TOPIC, [10])
        (tmp_path / name / f'{name}.mcap').rename(tmp_path / f'{name}.mcap')
        (tmp_path / name / 'metadata.yaml').unlink()
        (tmp_path / name).rmdir()
    (tmp_path / 'a.mcap').write_bytes(b'cut off')
    with pytest.raises(BagError, match='it is damaged, was never closed'), open_bag(tmp_path):
        pass
