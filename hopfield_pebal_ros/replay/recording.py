"""Record result images as they come over the wire, and when each came."""

import queue
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, Final

from hopfield_pebal_ros.evaluation.latency import LatencyLog
from hopfield_pebal_ros.replay.header_stamps import cdr_stamp_ns
from hopfield_pebal_ros.replay.playback import (
    RECORDED_TOPICS,
    RESULT_TOPICS,
    SEGMENTATION_TOPIC,
    camera_topic,
)
from hopfield_pebal_ros.replay.segmented_writer import SEGMENT_S, SegmentedBagWriter

_WAITING_AT_MOST: Final = 64  # messages; more would only hide that the disk is too slow


class CameraAnswers:
    """Which results of one camera came back, and when."""

    def __init__(self) -> None:
        self.latency = LatencyLog()
        """From `sent` to the arrival of the segmentation, on the steady clock."""
        self._seen: set[tuple[str, int]] = set()
        self._num_topics: Counter[int] = Counter()

    def is_first(self, topic: str, stamp_ns: int) -> bool:
        """Note that a result is there; return whether it is the first of its topic and stamp."""
        if topic == SEGMENTATION_TOPIC:
            self.latency.received(stamp_ns, time.monotonic())
        if (topic, stamp_ns) in self._seen:
            return False
        self._seen.add((topic, stamp_ns))
        self._num_topics[stamp_ns] += topic in RESULT_TOPICS
        return True

    def complete_stamps(self) -> set[int]:
        """Return the stamps that came back with all of `RESULT_TOPICS`."""
        counts = list(self._num_topics.items())  # another thread may be counting
        return {stamp for stamp, count in counts if count == len(RESULT_TOPICS)}


class ResultRecording:
    """A result bag being written in the background, for a `with` block.

    Messages are taken with `received` from any one thread; the first of a stamp and topic counts.
    What was recorded stays when an error ends the block.
    """

    def __init__(
        self, path: Path, cameras: Iterable[str] = ('',), *, segment_s: float = SEGMENT_S
    ) -> None:
        """Make the bag.

        Args:
            path: bag to make.
            cameras: names, '' for one without.
            segment_s: how long a file of it stays open.

        Raises:
            BagError: it is there already or cannot be made.
        """
        self.answers = {camera: CameraAnswers() for camera in cameras}
        topics = [
            camera_topic(camera, each) for camera in self.answers for each in RECORDED_TOPICS
        ]
        self._queue: queue.Queue[tuple[str, bytes] | None] = queue.Queue(_WAITING_AT_MOST)
        self._segment_s = segment_s
        self._writer = SegmentedBagWriter(
            path, dict.fromkeys(topics, 'reliable'), segment_s=segment_s
        )
        self._thread = threading.Thread(target=self._write, name='result bag')
        self._error: Exception | None = None

    def __enter__(self) -> 'ResultRecording':
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._queue.put(None)
        self._thread.join()
        if self._error is not None and error is None:
            raise self._error

    def received(self, camera: str, topic: str, cdr: bytes) -> None:
        """Take a serialised message of a recorded topic of a camera."""
        if self.answers[camera].is_first(topic, cdr_stamp_ns(cdr)):
            self._queue.put((camera_topic(camera, topic), cdr))

    def num_complete(self) -> int:
        """Return how many frames have come back with all of `RESULT_TOPICS`."""
        return sum(len(each.complete_stamps()) for each in self.answers.values())

    def _write(self) -> None:
        while True:
            try:
                item = self._queue.get(timeout=self._segment_s)
            except queue.Empty:
                self._attempt(self._writer.close_if_due)
                continue
            if item is None:
                break
            if self._error is None:  # else it only keeps the queue moving until the block ends
                topic, cdr = item
                self._attempt(self._writer.write_serialised, topic, cdr_stamp_ns(cdr), cdr)
        self._attempt(self._writer.close)

    def _attempt(self, work: Callable[..., None], *arguments: Any) -> None:
        try:
            work(*arguments)
        except Exception as error:  # raised again when the block ends
            self._error = self._error or error
