"""Small bags in every format, made by hand."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from rosbags.rosbag1 import Writer as Rosbag1Writer
from rosbags.rosbag2 import StoragePlugin
from rosbags.typesys import Stores, get_typestore

from hopfield_pebal_ros.replay.bag_writer import BagWriter, image_message
from hopfield_pebal_ros.replay.bags import CAMERA_TOPIC, IMAGE_TYPE, LABEL_TOPIC

FIRST_STAMP_NS = 1_000_000_000_500_000_000
STEP_NS = 100_000_000
FORMATS = ('mcap', 'sqlite3', 'rosbag1')

Pixels = npt.NDArray[np.uint8]


def stamps(count: int) -> list[int]:
    return [FIRST_STAMP_NS + index * STEP_NS for index in range(count)]


def write_camera_bag(
    path: Path,
    images_bgr: Sequence[Pixels],
    label_maps: Sequence[Pixels] = (),
    *,
    file_format: str = 'mcap',
    topic: str = CAMERA_TOPIC,
    reliability: str = 'reliable',
) -> Path:
    """Write images and, where given, as many label maps, with the stamps of `stamps`."""
    frames = [(topic, 'bgr8', images_bgr)]
    if label_maps:
        frames.append((LABEL_TOPIC, 'mono8', label_maps))
    if file_format == 'rosbag1':
        return _write_rosbag1(path.with_suffix('.bag'), frames)
    topics = {name: reliability if name == topic else 'reliable' for name, _, _ in frames}
    with BagWriter(path, topics, storage=StoragePlugin[file_format.upper()]) as writer:
        for name, encoding, pictures in frames:
            for stamp_ns, pixels in zip(stamps(len(pictures)), pictures, strict=True):
                message = image_message(pixels, encoding, stamp_ns=stamp_ns, frame_id='front')
                writer.write(name, stamp_ns, message)
    return path


def write_topics(path: Path, topics: dict[str, Sequence[Pixels]], *, frame_id: str = '') -> Path:
    """Write images of one or three channels, all topics with the stamps of `stamps`."""
    with BagWriter(path, dict.fromkeys(topics, 'reliable')) as writer:
        for index, stamp_ns in enumerate(stamps(max(map(len, topics.values())))):
            for name, pictures in topics.items():
                if index < len(pictures):
                    encoding = 'bgr8' if pictures[index].ndim == 3 else 'mono8'
                    message = image_message(
                        pictures[index], encoding, stamp_ns=stamp_ns, frame_id=frame_id
                    )
                    writer.write(name, stamp_ns, message)
    return path


def _write_rosbag1(path: Path, frames: Sequence[tuple[str, str, Sequence[Pixels]]]) -> Path:
    types = get_typestore(Stores.ROS1_NOETIC)
    with Rosbag1Writer(path) as writer:
        for name, encoding, pictures in frames:
            connection = writer.add_connection(name, IMAGE_TYPE, typestore=types)
            for seq, (stamp_ns, pixels) in enumerate(
                zip(stamps(len(pictures)), pictures, strict=True)
            ):
                message = _ros1_image(types, pixels, encoding, seq=seq, stamp_ns=stamp_ns)
                writer.write(connection, stamp_ns, types.serialize_ros1(message, IMAGE_TYPE))
    return path


def _ros1_image(types: Any, pixels: Pixels, encoding: str, *, seq: int, stamp_ns: int) -> Any:
    ros2_image = image_message(pixels, encoding, stamp_ns=stamp_ns, frame_id='front')
    seconds, nanoseconds = divmod(stamp_ns, 1_000_000_000)
    stamp = types.types['builtin_interfaces/msg/Time'](sec=seconds, nanosec=nanoseconds)
    return types.types[IMAGE_TYPE](
        header=types.types['std_msgs/msg/Header'](seq=seq, stamp=stamp, frame_id='front'),
        height=ros2_image.height,
        width=ros2_image.width,
        encoding=ros2_image.encoding,
        is_bigendian=0,
        step=ros2_image.step,
        data=ros2_image.data,
    )
