"""Read the camera topics of rosbag1 and rosbag2 bags through the `rosbags` library."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from rosbags.highlevel import AnyReader
from rosbags.interfaces import Connection, ConnectionExtRosbag2
from rosbags.typesys import Stores, get_typestore

from hopfield_pebal_ros.replay import ros1_images
from hopfield_pebal_ros.replay.header_stamps import stamp_ns_of
from hopfield_pebal_ros.replay.recorded_qos import RecordedQos, recorded_qos

IMAGE_TYPE: Final = 'sensor_msgs/msg/Image'
COMPRESSED_IMAGE_TYPE: Final = 'sensor_msgs/msg/CompressedImage'
IMAGE_TYPES: Final = (IMAGE_TYPE, COMPRESSED_IMAGE_TYPE)

CAMERA_TOPIC: Final = '/image'
LABEL_TOPIC: Final = '/ground_truth/labels'
"""mono8, class ids of the model; OUTLIER_ID and IGNORE_ID as in contract.labels."""

BAG_KINDS: Final = (
    'a rosbag2 folder (mcap or sqlite3), a .mcap or .db3 file, or a rosbag1 .bag file'
)


class BagError(ValueError):
    """A bag that cannot be used; the message says what was found and the remedy."""


@dataclass(frozen=True)
class ImageTopic:
    """One image topic of a bag."""

    name: str
    message_type: str
    num_messages: int
    qos: RecordedQos


@dataclass(frozen=True)
class RecordedMessage:
    """One message of an image topic."""

    topic: str
    recorded_ns: int
    """When it was recorded; a bag plays in this order."""
    stamp_ns: int
    """Its header stamp, which tells frames apart."""
    message: Any
    """The deserialised message; `data` is a (N,) uint8 array."""


@dataclass(frozen=True)
class SerialisedMessage:
    """One message of an image topic as ROS 2 sends it."""

    topic: str
    recorded_ns: int
    stamp_ns: int
    cdr: bytes


class Bag:
    """An open bag: which image topics it has, and their messages."""

    def __init__(self, path: Path, reader: AnyReader) -> None:
        self.path = path
        self._reader = reader
        self._connections: dict[str, list[Connection]] = {}
        for connection in reader.connections:
            if connection.msgtype in IMAGE_TYPES:
                self._connections.setdefault(connection.topic, []).append(connection)

    @property
    def image_topics(self) -> tuple[ImageTopic, ...]:
        """Return the image topics in the order of their names."""
        return tuple(
            ImageTopic(
                name=name,
                message_type=connections[0].msgtype,
                num_messages=sum(each.msgcount for each in connections),
                qos=recorded_qos(connections[0]),
            )
            for name, connections in sorted(self._connections.items())
        )

    def image_topic(self, name: str) -> ImageTopic:
        """Return image topic `name`, which has messages.

        Raises:
            BagError: no such image topic, or no message on it; lists the image topics there are.
        """
        absolute = name if name.startswith('/') else f'/{name}'
        found = [topic for topic in self.image_topics if topic.name == absolute]
        if not found or not found[0].num_messages:
            raise BagError(
                f'{self.path} has no messages on image topic {absolute}; {self._what_there_is()}'
            )
        return found[0]

    def camera_topic(self) -> ImageTopic:
        """Return `CAMERA_TOPIC`, or the bag's only image topic that is not `LABEL_TOPIC`.

        Raises:
            BagError: none, or several to choose from.
        """
        cameras = [
            topic
            for topic in self.image_topics
            if topic.name != LABEL_TOPIC and topic.num_messages
        ]
        named = [topic for topic in cameras if topic.name == CAMERA_TOPIC]
        if named or len(cameras) == 1:
            return (named or cameras)[0]
        if not cameras:
            raise BagError(f'{self.path} has no camera images; {self._what_there_is()}')
        raise BagError(
            f'{self.path} has several cameras; name one with --topic; {self._what_there_is()}'
        )

    def has_messages_on(self, name: str) -> bool:
        return any(each.name == name and each.num_messages for each in self.image_topics)

    def messages(self, topics: Sequence[str]) -> Iterator[RecordedMessage]:
        """Yield the messages of `topics` in the order of recording.

        Raises:
            BagError: a topic that is not there, or a message that cannot be read.
        """
        for connection, recorded_ns, raw in self._raw_messages(topics):
            yield self._message(connection, recorded_ns, raw)

    def serialised_messages(self, topics: Sequence[str]) -> Iterator[SerialisedMessage]:
        """Yield the messages of `topics` in the order of recording, ready to be published.

        Raises:
            BagError: a topic that is not there, or a message that cannot be read.
        """
        for connection, recorded_ns, raw in self._raw_messages(topics):
            stamp_ns = self._header_stamp_ns(connection, raw)
            if isinstance(connection.ext, ConnectionExtRosbag2):
                cdr = bytes(raw)
            else:
                message = self._message(connection, recorded_ns, raw).message
                cdr = ros1_images.to_cdr(message, connection.msgtype)
            yield SerialisedMessage(connection.topic, recorded_ns, stamp_ns, cdr)

    def message_at(self, topic: str, recorded_ns: int) -> RecordedMessage:
        """Return the message of `topic` that was recorded at `recorded_ns`.

        Raises:
            BagError: there is none, or it cannot be read.
        """
        found = self.find_message(topic, recorded_ns)
        if found is None:
            raise BagError(f'{self.path} has no message on {topic} recorded at {recorded_ns} ns')
        return found

    def find_message(self, topic: str, recorded_ns: int) -> RecordedMessage | None:
        """Return the message of `topic` that was recorded at `recorded_ns`, where there is one."""
        found = next(self._raw_messages([topic], recorded_ns, recorded_ns + 1), None)
        return None if found is None else self._message(*found)

    def recorded_by_stamp(self, topic: str) -> dict[int, int]:
        """Return {header stamp: time of recording} in nanoseconds, in the order of recording.

        Raises:
            BagError: two messages have one stamp, or a message cannot be read.
        """
        times: dict[int, int] = {}
        for connection, recorded_ns, raw in self._raw_messages([topic]):
            stamp_ns = self._header_stamp_ns(connection, raw)
            if stamp_ns in times:
                raise BagError(
                    f'{self.path}: two messages on {topic} have the stamp {stamp_ns} ns; frames '
                    'are told apart by their header stamps: record one pass with stamped headers'
                )
            times[stamp_ns] = recorded_ns
        return times

    def _raw_messages(
        self, topics: Sequence[str], start_ns: int | None = None, stop_ns: int | None = None
    ) -> Iterator[tuple[Connection, int, bytes]]:
        names = [self.image_topic(name).name for name in topics]
        connections = [each for name in names for each in self._connections[name]]
        with _as_bag_error(self.path):
            yield from self._reader.messages(connections, start_ns, stop_ns)

    def _message(self, connection: Connection, recorded_ns: int, raw: bytes) -> RecordedMessage:
        with _as_bag_error(self.path):
            message = self._reader.deserialize(raw, connection.msgtype)
        stamp_ns = self._header_stamp_ns(connection, raw)
        return RecordedMessage(connection.topic, recorded_ns, stamp_ns, message)

    def _header_stamp_ns(self, connection: Connection, raw: bytes) -> int:
        if len(raw) < 12:
            raise BagError(
                f'{self.path}: a message on {connection.topic} has {len(raw)} bytes, too few for '
                'a header; the bag is damaged: record it again'
            )
        is_big_endian = isinstance(connection.ext, ConnectionExtRosbag2) and raw[1] == 0
        return stamp_ns_of(raw, is_big_endian=is_big_endian)

    def _what_there_is(self) -> str:
        listed = [f'{topic.name} ({topic.num_messages})' for topic in self.image_topics]
        return f'image topics in this bag (messages): {", ".join(listed) or "none"}'


@contextmanager
def open_bag(path: Path) -> Iterator[Bag]:
    """Open a rosbag1 or rosbag2 bag for reading.

    Raises:
        FileNotFoundError: no such file or folder.
        BagError: not a bag, a damaged one, or one without messages.
    """
    if not path.exists():
        raise FileNotFoundError(f'no bag at {path}; expected {BAG_KINDS}')
    if path.is_dir() and not (path / 'metadata.yaml').is_file():
        raise BagError(
            f'{path} is not a bag: the folder has no metadata.yaml; expected {BAG_KINDS} '
            '(ros2 bag reindex makes a missing metadata.yaml)'
        )
    with _as_bag_error(path):
        reader = AnyReader([path], default_typestore=get_typestore(Stores.ROS2_JAZZY))
        reader.open()
    try:
        if not reader.message_count:
            raise BagError(f'{path} is empty: it holds no messages; record it again')
        yield Bag(path, reader)
    finally:
        reader.close()


@contextmanager
def _as_bag_error(path: Path) -> Iterator[None]:
    try:
        yield
    except (BagError, MemoryError):
        raise
    except Exception as error:  # damaged bytes end in any exception of the parser
        raise BagError(
            f'{path} cannot be read ({type(error).__name__}: {error}); it is damaged, was never '
            f'closed, or is not a bag: expected {BAG_KINDS}'
        ) from error
