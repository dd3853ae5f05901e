"""Write image topics into a new rosbag2 bag (mcap), readable wherever ROS 2 Jazzy is."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from rosbags.interfaces import (
    Qos,
    QosDurability,
    QosHistory,
    QosLiveliness,
    QosReliability,
    QosTime,
)
from rosbags.rosbag2 import StoragePlugin, Writer
from rosbags.typesys import Stores, get_typestore

from hopfield_pebal_ros.replay.bags import IMAGE_TYPE, BagError

_TYPES: Final = get_typestore(Stores.ROS2_JAZZY)
_FOREVER: Final = QosTime(2**31 - 1, 2**32 - 1)

_DTYPES: Final = {'mono8': np.uint8, 'bgr8': np.uint8, 'rgb8': np.uint8, '32FC1': np.float32}


class BagWriter:
    """A new bag with image topics; removed again when an error ends the `with` block."""

    def __init__(
        self,
        path: Path,
        topics: Mapping[str, str],
        *,
        storage: StoragePlugin = StoragePlugin.MCAP,
    ) -> None:
        """Make the bag.

        Args:
            path: folder to make.
            topics: {topic name: 'reliable' or 'best_effort'}, the quality of service noted down.
            storage: file format.

        Raises:
            BagError: `path` is taken already or cannot be made.
        """
        if path.exists():
            raise BagError(f'{path} exists already; name another bag or remove it')
        self.path = path
        self._writer = Writer(path, version=9, storage_plugin=storage)
        try:
            self._writer.open()
        except OSError as error:
            raise BagError(f'cannot make bag {path} ({error}); name another folder') from None
        self._connections = {
            name: self._writer.add_connection(
                name, IMAGE_TYPE, typestore=_TYPES, offered_qos_profiles=[_qos(reliability)]
            )
            for name, reliability in topics.items()
        }

    def write(self, topic: str, stamp_ns: int, message: Any) -> None:
        """Write a message made by `image_message`.

        Raises:
            BagError: the disk does not take it.
        """
        self.write_serialised(topic, stamp_ns, _TYPES.serialize_cdr(message, IMAGE_TYPE))

    def write_serialised(self, topic: str, stamp_ns: int, cdr: bytes | memoryview) -> None:
        """Write a message as it came over the wire.

        Raises:
            BagError: the disk does not take it.
        """
        with self._disk_errors():
            self._writer.write(self._connections[topic], stamp_ns, cdr)

    def close(self) -> None:
        """Finish the bag.

        Raises:
            BagError: the disk does not take it.
        """
        with self._disk_errors():
            self._writer.close()

    def abort(self) -> None:
        """Remove the bag."""
        with suppress(OSError):  # what is left to write does not fit either
            self._writer.abort()
        shutil.rmtree(self.path, ignore_errors=True)

    def __enter__(self) -> 'BagWriter':
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.abort()

    @contextmanager
    def _disk_errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise BagError(f'cannot write bag {self.path} ({error}); is the disk full?') from None


def image_message(pixels: npt.NDArray[Any], encoding: str, *, stamp_ns: int, frame_id: str) -> Any:
    """Make a sensor_msgs/msg/Image that `BagWriter` takes.

    Args:
        pixels: (H, W) or (H, W, 3); uint8, or float32 for 32FC1.
        encoding: mono8, bgr8, rgb8 or 32FC1.
        stamp_ns: header stamp.
        frame_id: of the header.

    Raises:
        ValueError: the array does not fit the encoding.
    """
    channels = 3 if encoding in ('bgr8', 'rgb8') else 1
    fits = pixels.ndim == (3 if channels == 3 else 2) and pixels.shape[2:] in ((), (3,))
    if not fits or pixels.dtype != _DTYPES[encoding]:
        raise ValueError(f'{encoding} does not fit an array {pixels.shape} {pixels.dtype}')
    seconds, nanoseconds = divmod(stamp_ns, 1_000_000_000)
    stamp = _TYPES.types['builtin_interfaces/msg/Time'](sec=seconds, nanosec=nanoseconds)
    height, width = pixels.shape[:2]
    return _TYPES.types[IMAGE_TYPE](
        header=_TYPES.types['std_msgs/msg/Header'](stamp=stamp, frame_id=frame_id),
        height=height,
        width=width,
        encoding=encoding,
        is_bigendian=0,
        step=width * channels * pixels.itemsize,
        data=np.ascontiguousarray(pixels).view(np.uint8).reshape(-1),
    )


def _qos(reliability: str) -> Qos:
    return Qos(
        history=QosHistory.KEEP_LAST,
        depth=10,
        reliability=QosReliability[reliability.upper()],
        durability=QosDurability.VOLATILE,
        deadline=_FOREVER,
        lifespan=_FOREVER,
        liveliness=QosLiveliness.AUTOMATIC,
        liveliness_lease_duration=_FOREVER,
        avoid_ros_namespace_conventions=False,
    )
