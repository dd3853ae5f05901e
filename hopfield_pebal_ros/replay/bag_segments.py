"""A bag that was recorded in several files, read as one."""

import heapq
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any, Final

from rosbags.highlevel import AnyReader
from rosbags.interfaces import Connection
from rosbags.typesys import Stores, get_typestore
from ruamel.yaml import YAML

METADATA: Final = 'metadata.yaml'
BAG_SUFFIXES: Final = ('.mcap', '.db3', '.bag')


@dataclass(frozen=True)
class RawMessage:
    """One message as it is stored."""

    connection: Connection
    recorded_ns: int
    raw: bytes
    deserialize: Callable[[bytes, str], Any]
    """Takes `raw` and the message type."""


def find_segments(path: Path) -> list[Path]:
    """Return the files and rosbag2 folders that make up the bag at `path`, in order.

    They are those that metadata.yaml lists, or in a folder without it all bags there are. A bag
    that rosbag2 compressed file by file is one segment.

    Raises:
        Exception: metadata.yaml is damaged.
    """
    if not path.is_dir():
        return [path]
    if (path / METADATA).is_file():
        loaded: Any = YAML(typ='safe').load((path / METADATA).read_text('utf-8'))
        metadata = loaded['rosbag2_bagfile_information']
        files = [path / PurePath(each).name for each in metadata['relative_file_paths']]
        is_plain = (metadata.get('compression_mode') or 'none').lower() == 'none'
        return files if len(files) > 1 and is_plain else [path]
    bags = [each for each in path.iterdir() if _is_bag(each)]
    return sorted(bags, key=lambda each: _natural(each.name))


def open_segments(paths: Sequence[Path]) -> tuple['SegmentReader', Path | None]:
    """Open segments; the last one may be left open by a recorder that was killed.

    Returns:
        The reader, and the segment that was left out, if there is one.

    Raises:
        Exception: a segment is damaged, or the only one was never closed; none stays open.
    """
    readers: list[AnyReader] = []
    unclosed = None
    try:
        for path in paths:
            reader = AnyReader([path], default_typestore=get_typestore(Stores.ROS2_JAZZY))
            try:
                reader.open()
            except Exception:
                if path is not paths[-1] or not readers:
                    raise
                unclosed = path
            else:
                readers.append(reader)
    except BaseException:
        for reader in readers:
            reader.close()
        raise
    return SegmentReader(readers), unclosed


class SegmentReader:
    """Open segments as one bag; messages come in the order of recording."""

    def __init__(self, readers: Sequence[AnyReader]) -> None:
        self._groups = _overlapping(readers)
        self.connections: list[Connection] = [
            each for reader in readers for each in reader.connections
        ]
        self.start_ns = min(each.start_time for each in readers)
        self.end_ns = max(each.end_time for each in readers) - 1
        self.message_count = sum(each.message_count for each in readers)

    def messages(
        self, topics: Sequence[str], start_ns: int | None = None, stop_ns: int | None = None
    ) -> Iterator[RawMessage]:
        """Yield the messages of `topics` recorded from `start_ns` on and before `stop_ns`.

        Raises:
            Exception: the bag is damaged.
        """
        for group in self._groups:
            inside = [
                reader
                for reader in group
                if (stop_ns is None or reader.start_time < stop_ns)
                and (start_ns is None or reader.end_time > start_ns)
            ]
            streams = [_messages(reader, topics, start_ns, stop_ns) for reader in inside]
            yield from heapq.merge(*streams, key=lambda each: each.recorded_ns)

    def close(self) -> None:
        for group in self._groups:
            for reader in group:
                reader.close()


def _messages(
    reader: AnyReader, topics: Sequence[str], start_ns: int | None, stop_ns: int | None
) -> Iterator[RawMessage]:
    connections = [each for each in reader.connections if each.topic in topics]
    if connections:  # none would mean all
        for connection, recorded_ns, raw in reader.messages(connections, start_ns, stop_ns):
            yield RawMessage(connection, recorded_ns, raw, reader.deserialize)


def _overlapping(readers: Sequence[AnyReader]) -> list[list[AnyReader]]:
    """Group what must be merged: a message of each of a group is held at a time."""
    groups: list[list[AnyReader]] = []
    end_ns = 0
    for reader in sorted(readers, key=lambda each: each.start_time):
        if groups and reader.start_time < end_ns:
            groups[-1].append(reader)
        else:
            groups.append([reader])
        end_ns = max(end_ns, reader.end_time)
    return groups


def _is_bag(path: Path) -> bool:
    return (path / METADATA).is_file() if path.is_dir() else path.suffix in BAG_SUFFIXES


def _natural(name: str) -> list[tuple[int, str]]:
    """Return what puts bag_2 before bag_10."""
    words = re.findall(r'\d+|\D+', name)
    return [(int(word), '') if word.isdigit() else (-1, word) for word in words]
