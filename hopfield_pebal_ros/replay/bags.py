"""Read the camera topics of rosbag1 and rosbag2 bags through the `rosbags` library."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from rosbags.interfaces import Connection, ConnectionExtRosbag2

from hopfield_pebal_ros.replay import ros1_images
from hopfield_pebal_ros.replay.bag_segments import (
    RawMessage,
    SegmentReader,
    find_segments,
    open_segments,
)
from hopfield_pebal_ros.replay.header_stamps import stamp_ns_of
from hopfield_pebal_ros.replay.recorded_qos import RecordedQos, recorded_qos

IMAGE_TYPE: Final = 'sensor_msgs/msg/Image'
COMPRESSED_IMAGE_TYPE: Final = 'sensor_msgs/msg/CompressedImage'
IMAGE_TYPES: Final = (IMAGE_TYPE, COMPRESSED_IMAGE_TYPE)

CAMERA_TOPIC: Final = '/image'
LABEL_TOPIC: Final = '/ground_truth/labels'
"""mono8, class ids of the model; OUTLIER_ID and IGNORE_ID as in contract.labels."""

BAG_KINDS: Final = (
    'a rosbag2 folder (mcap or sqlite3), a .mcap or .db3 file, a rosbag1 .bag file, or a folder '
    'of these'
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

    def __init__(
        self, path: Path, reader: SegmentReader, *, unclosed_segment: Path | None = None
    ) -> None:
        self.path = path
        self.unclosed_segment = unclosed_segment
        """The file that a killed recorder left behind, which cannot be read."""
        self._reader = reader
        self._connections: dict[str, list[Connection]] = {}
        for connection in reader.connections:
            if connection.msgtype in IMAGE_TYPES:
                self._connections.setdefault(connection.topic, []).append(connection)

    @property
    def start_ns(self) -> int:
        """When its first message was recorded."""
        return self._reader.start_ns

    @property
    def end_ns(self) -> int:
        """When its last message was recorded."""
        return self._reader.end_ns

    @property
    def image_topics(self) -> tuple[ImageTopic, ...]:
        """Return the image topics in the order of their names."""
        return tuple(
            ImageTopic(
                name=name,
                message_type=connections[0].msgtype,
                num_messages=sum(each.msgcount for each in connections),
                qos=recorded_qos(connections),
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
        for stored in self._stored_messages(topics):
            yield self._message(stored)

    def serialised_messages(
        self, topics: Sequence[str], *, start_ns: int | None = None
    ) -> Iterator[SerialisedMessage]:
        """Yield the messages of `topics` in the order of recording, ready to be published.

        Args:
            topics: of images.
            start_ns: leave out what was recorded before.

        Raises:
            BagError: a topic that is not there, or a message that cannot be read.
        """
        for stored in self._stored_messages(topics, start_ns):
            connection = stored.connection
            stamp_ns = self._header_stamp_ns(stored)
            if isinstance(connection.ext, ConnectionExtRosbag2):
                cdr = bytes(stored.raw)
            else:
                cdr = ros1_images.to_cdr(self._message(stored).message, connection.msgtype)
            yield SerialisedMessage(connection.topic, stored.recorded_ns, stamp_ns, cdr)

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
        found = next(self._stored_messages([topic], recorded_ns, recorded_ns + 1), None)
        return None if found is None else self._message(found)

    def recorded_by_stamp(self, topic: str) -> dict[int, int]:
        """Return {header stamp: time of recording} in nanoseconds, in the order of recording.

        Raises:
            BagError: two messages have one stamp, or a message cannot be read.
        """
        times: dict[int, int] = {}
        for stored in self._stored_messages([topic]):
            stamp_ns = self._header_stamp_ns(stored)
            if stamp_ns in times:
                raise BagError(
                    f'{self.path}: two messages on {topic} have the stamp {stamp_ns} ns; frames '
                    'are told apart by their header stamps: record one pass with stamped headers'
                )
            times[stamp_ns] = stored.recorded_ns
        return times

    def _stored_messages(
        self, topics: Sequence[str], start_ns: int | None = None, stop_ns: int | None = None
    ) -> Iterator[RawMessage]:
        names = [self.image_topic(name).name for name in topics]
        with _as_bag_error(self.path):
            yield from self._reader.messages(names, start_ns, stop_ns)

    def _message(self, stored: RawMessage) -> RecordedMessage:
        with _as_bag_error(self.path):
            message = stored.deserialize(stored.raw, stored.connection.msgtype)
        return RecordedMessage(
            stored.connection.topic, stored.recorded_ns, self._header_stamp_ns(stored), message
        )

    def _header_stamp_ns(self, stored: RawMessage) -> int:
        raw, connection = stored.raw, stored.connection
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
    """Open a rosbag1 or rosbag2 bag for reading, of one or of several files.

    Raises:
        FileNotFoundError: no such file or folder.
        BagError: not a bag, a damaged one, or one without messages.
    """
    if not path.exists():
        raise FileNotFoundError(f'no bag at {path}; expected {BAG_KINDS}')
    with _as_bag_error(path):
        segments = find_segments(path)
    if not segments:
        raise BagError(
            f'{path} is not a bag: the folder has no metadata.yaml and no bags; expected '
            f'{BAG_KINDS} (ros2 bag reindex makes a missing metadata.yaml)'
        )
    with _as_bag_error(path):
        reader, unclosed = open_segments(segments)
    try:
        if not reader.message_count:
            raise BagError(f'{path} is empty: it holds no messages; record it again')
        yield Bag(path, reader, unclosed_segment=unclosed)
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
