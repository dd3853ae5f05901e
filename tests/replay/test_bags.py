"""Bags: the same pixels, stamps and quality of service in every format; clear refusals."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from rosbags.rosbag2 import Writer

from hopfield_pebal_ros.replay.bag_writer import BagWriter, image_message
from hopfield_pebal_ros.replay.bags import CAMERA_TOPIC, LABEL_TOPIC, BagError, open_bag
from tests.replay.example_bags import FORMATS, stamps, write_camera_bag


def pictures(count: int) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.integers(0, 256, (4, 6, 3), dtype=np.uint8) for _ in range(count)]


@pytest.mark.parametrize('file_format', FORMATS)
def test_what_was_written_is_read_back(tmp_path: Path, file_format: str) -> None:
    images = pictures(3)
    label_maps = [image[..., 0] for image in images]
    path = write_camera_bag(tmp_path / 'bag', images, label_maps, file_format=file_format)
    with open_bag(path) as bag:
        assert [(topic.name, topic.num_messages) for topic in bag.image_topics] == [
            (LABEL_TOPIC, 3),
            (CAMERA_TOPIC, 3),
        ]
        read = list(bag.messages([CAMERA_TOPIC, LABEL_TOPIC]))
        assert bag.camera_topic().name == CAMERA_TOPIC
    assert [each.stamp_ns for each in read] == sorted(stamps(3) * 2)
    for each in read:
        index = stamps(3).index(each.stamp_ns)
        expected = images[index] if each.topic == CAMERA_TOPIC else label_maps[index]
        shape = (each.message.height, each.message.width, *expected.shape[2:])
        np.testing.assert_array_equal(each.message.data.reshape(shape), expected)
        assert each.message.header.frame_id == 'front'
        assert each.message.encoding == ('bgr8' if each.topic == CAMERA_TOPIC else 'mono8')


@pytest.mark.parametrize('file_format', FORMATS)
def test_a_frame_is_found_by_its_stamp(tmp_path: Path, file_format: str) -> None:
    images = pictures(3)
    path = write_camera_bag(tmp_path / 'bag', images, file_format=file_format)
    with open_bag(path) as bag:
        recorded = bag.recorded_by_stamp(CAMERA_TOPIC)
        second = bag.message_at(CAMERA_TOPIC, recorded[stamps(3)[1]])
    assert list(recorded) == stamps(3)
    np.testing.assert_array_equal(second.message.data, images[1].ravel())


def test_the_offered_quality_of_service_is_kept(tmp_path: Path) -> None:
    images = pictures(1)
    label_maps = [images[0][..., 0]]
    path = write_camera_bag(tmp_path / 'bag', images, label_maps, reliability='best_effort')
    with open_bag(path) as bag:
        labels, camera = bag.image_topics
    assert labels.qos.is_reliable
    assert not camera.qos.is_reliable
    assert (camera.qos.depth, camera.qos.is_transient_local) == (10, False)


def test_one_camera_needs_no_name_and_several_do(tmp_path: Path) -> None:
    path = write_camera_bag(tmp_path / 'one', pictures(1), topic='/front/image_raw')
    with open_bag(path) as bag:
        assert bag.camera_topic().name == '/front/image_raw'
    two = tmp_path / 'two'
    with BagWriter(two, {'/left': 'reliable', '/right': 'reliable'}) as writer:
        for topic in ('/left', '/right'):
            message = image_message(pictures(1)[0], 'rgb8', stamp_ns=7, frame_id='')
            writer.write(topic, 7, message)
    with (
        open_bag(two) as bag,
        pytest.raises(BagError, match=r'several cameras.*--topic.*/left \(1\), /right \(1\)'),
    ):
        bag.camera_topic()


def test_a_missing_topic_lists_those_there_are(tmp_path: Path) -> None:
    path = write_camera_bag(tmp_path / 'bag', pictures(2))
    with (
        open_bag(path) as bag,
        pytest.raises(BagError, match=r'no messages on image topic /rear;.*/image \(2\)'),
    ):
        bag.image_topic('rear')


def test_two_frames_of_one_stamp_are_refused(tmp_path: Path) -> None:
    with BagWriter(tmp_path / 'bag', {CAMERA_TOPIC: 'reliable'}) as writer:
        for recorded_ns in (10, 20):
            message = image_message(pictures(1)[0], 'bgr8', stamp_ns=5, frame_id='')
            writer.write(CAMERA_TOPIC, recorded_ns, message)
    with (
        open_bag(tmp_path / 'bag') as bag,
        pytest.raises(BagError, match='two messages on /image have the stamp 5 ns'),
    ):
        bag.recorded_by_stamp(CAMERA_TOPIC)


def test_an_empty_bag_is_refused(tmp_path: Path) -> None:
    with BagWriter(tmp_path / 'bag', {CAMERA_TOPIC: 'reliable'}):
        pass
    with pytest.raises(BagError, match='holds no messages'), open_bag(tmp_path / 'bag'):
        pass


@pytest.mark.parametrize('file_format', FORMATS)
@pytest.mark.parametrize('kept_share', [0.0, 0.3, 0.9])
def test_a_damaged_bag_is_refused(tmp_path: Path, file_format: str, kept_share: float) -> None:
    path = write_camera_bag(tmp_path / 'bag', pictures(3), file_format=file_format)
    file = next(iter(path.glob('bag.*'))) if path.is_dir() else path
    content = file.read_bytes()
    file.write_bytes(content[: int(len(content) * kept_share)])
    with pytest.raises(BagError, match=r'cannot be read|holds no messages'), open_bag(path) as bag:
        list(bag.messages([CAMERA_TOPIC]))


@pytest.mark.parametrize('name', ['notes.bag', 'notes.mcap', 'notes.db3', 'notes.txt'])
def test_a_file_of_another_kind_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text('these are notes, not a bag\n' * 20)
    with pytest.raises(BagError, match='not a bag'), open_bag(tmp_path / name):
        pass


def test_a_folder_without_metadata_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BagError, match=r'no metadata\.yaml and no bags'), open_bag(tmp_path):
        pass


def test_a_bag_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match='no bag at'), open_bag(tmp_path / 'absent'):
        pass


def test_a_bag_without_images_says_so(tmp_path: Path) -> None:
    from rosbags.typesys import Stores, get_typestore

    types = get_typestore(Stores.ROS2_JAZZY)
    with Writer(tmp_path / 'bag', version=9) as writer:
        connection = writer.add_connection('/chatter', 'std_msgs/msg/String', typestore=types)
        message = types.types['std_msgs/msg/String'](data='hello')
        writer.write(connection, 1, types.serialize_cdr(message, 'std_msgs/msg/String'))
    with (
        open_bag(tmp_path / 'bag') as bag,
        pytest.raises(BagError, match=r'no camera images; image topics.*: none'),
    ):
        bag.camera_topic()


def test_an_existing_bag_is_not_written_over(tmp_path: Path) -> None:
    path = write_camera_bag(tmp_path / 'bag', pictures(1))
    with pytest.raises(BagError, match='exists already'):
        write_camera_bag(path, pictures(1))


def test_an_unfinished_bag_is_removed(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), BagWriter(tmp_path / 'bag', {CAMERA_TOPIC: 'reliable'}):
        raise RuntimeError
    assert not (tmp_path / 'bag').exists()


def test_a_single_mcap_file_is_a_bag(tmp_path: Path) -> None:
    path = write_camera_bag(tmp_path / 'bag', pictures(2))
    shutil.copy(path / 'bag.mcap', tmp_path / 'alone.mcap')
    with open_bag(tmp_path / 'alone.mcap') as bag:
        assert len(list(bag.messages([CAMERA_TOPIC]))) == 2


@pytest.mark.parametrize(
    ('shape', 'dtype', 'encoding'),
    [((4, 6), np.uint8, 'bgr8'), ((4, 6, 3), np.uint8, 'mono8'), ((4, 6), np.uint8, '32FC1')],
)
def test_pixels_must_fit_the_encoding(
    shape: tuple[int, ...], dtype: type[np.generic], encoding: str
) -> None:
    with pytest.raises(ValueError, match=f'{encoding} does not fit'):
        image_message(np.zeros(shape, dtype), encoding, stamp_ns=0, frame_id='')
