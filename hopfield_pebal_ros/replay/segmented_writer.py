"""Write image topics into a rosbag2 bag of many files, each closed soon: a kill loses only one."""

import shutil
import time
from collections.abc import Callable, Mapping
from io import StringIO
from pathlib import Path
from typing import Any, Final

from ruamel.yaml import YAML

from hopfield_pebal_ros.replay.bag_segments import METADATA
from hopfield_pebal_ros.replay.bag_writer import BagWriter
from hopfield_pebal_ros.replay.bags import BagError

SEGMENT_S: Final = 5.0
"""A file that was never closed cannot be read, in mcap as in sqlite3."""

_INFORMATION: Final = 'rosbag2_bagfile_information'


class SegmentedBagWriter:
    """A new bag, of which everything but the open segment can be read at any time.

    A segment is written in a folder of its own within the bag. Once closed, its file moves up and
    metadata.yaml lists it.
    """

    def __init__(
        self,
        path: Path,
        topics: Mapping[str, str],
        *,
        segment_s: float = SEGMENT_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Make the folder of the bag.

        Args:
            path: folder to make.
            topics: as in `BagWriter`.
            segment_s: a segment is closed so long after its first message.
            clock: in seconds; must not jump.

        Raises:
            BagError: `path` is taken already or cannot be made.
        """
        try:
            path.mkdir(parents=True)
        except OSError as error:
            raise BagError(f'cannot make bag {path} ({error}); name another folder') from None
        self.path = path
        self._topics = topics
        self._segment_s = segment_s
        self._clock = clock
        self._segment: BagWriter | None = None
        self._due_s = 0.0
        self._metadata: dict[str, Any] = {}

    @property
    def num_closed(self) -> int:
        return len(self._metadata.get('files', ()))

    def write_serialised(self, topic: str, stamp_ns: int, cdr: bytes | memoryview) -> None:
        """Write a message as it came over the wire.

        Raises:
            BagError: the disk does not take it; the open segment is lost then.
        """
        self.close_if_due()
        if self._segment is None:
            segment = self.path / f'{self.path.name}_{self.num_closed}'
            self._segment = BagWriter(segment, self._topics)
            self._due_s = self._clock() + self._segment_s
        try:
            self._segment.write_serialised(topic, stamp_ns, cdr)
        except BagError:
            self._segment.abort()  # what stopped within a message cannot be read
            self._segment = None
            raise

    def close_if_due(self) -> None:
        """Close the open segment where its time is over.

        Raises:
            BagError: the disk does not take it.
        """
        if self._segment is not None and self._clock() >= self._due_s:
            self._close_segment()

    def close(self) -> None:
        """Close the open segment; a bag without any message is removed.

        Raises:
            BagError: the disk does not take it; what was closed before stays.
        """
        try:
            self._close_segment()
        finally:
            if not self.num_closed:
                shutil.rmtree(self.path, ignore_errors=True)

    def _close_segment(self) -> None:
        segment, self._segment = self._segment, None
        if segment is None:
            return
        try:
            segment.close()
            closed = _yaml().load((segment.path / METADATA).read_text('utf-8'))[_INFORMATION]
            (name,) = closed['relative_file_paths']
            (segment.path / name).replace(self.path / name)
            self._metadata = joined(self._metadata, closed)
            self._write_metadata()
        except OSError as error:
            raise BagError(f'cannot write bag {self.path} ({error}); is the disk full?') from None
        finally:
            segment.abort()

    def _write_metadata(self) -> None:
        text = StringIO()
        _yaml().dump({_INFORMATION: self._metadata}, text)
        new = self.path / f'{METADATA}.new'
        new.write_text(text.getvalue(), 'utf-8')
        new.replace(self.path / METADATA)


def joined(bag: Mapping[str, Any], segment: Mapping[str, Any]) -> dict[str, Any]:
    """Return what metadata.yaml says of a bag with one more segment of the same topics."""
    if not bag:
        return dict(segment)
    spans = [(_start_ns(each), _start_ns(each) + _duration_ns(each)) for each in (bag, segment)]
    start_ns, end_ns = min(each[0] for each in spans), max(each[1] for each in spans)
    topics = zip(
        bag['topics_with_message_count'], segment['topics_with_message_count'], strict=True
    )
    return {
        **bag,
        'relative_file_paths': [*bag['relative_file_paths'], *segment['relative_file_paths']],
        'files': [*bag['files'], *segment['files']],
        'starting_time': {'nanoseconds_since_epoch': start_ns},
        'duration': {'nanoseconds': end_ns - start_ns},
        'message_count': bag['message_count'] + segment['message_count'],
        'topics_with_message_count': [
            {**topic, 'message_count': topic['message_count'] + more['message_count']}
            for topic, more in topics
        ],
    }


def _start_ns(metadata: Mapping[str, Any]) -> int:
    return int(metadata['starting_time']['nanoseconds_since_epoch'])


def _duration_ns(metadata: Mapping[str, Any]) -> int:
    return int(metadata['duration']['nanoseconds'])


def _yaml() -> YAML:
    yaml = YAML(typ='safe')
    yaml.default_flow_style = False
    return yaml
