"""Record result images as they come over the wire, and when each came."""

import queue
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Final

from hopfield_pebal_ros.evaluation.latency import LatencyLog
from hopfield_pebal_ros.replay.bag_writer import BagWriter
from hopfield_pebal_ros.replay.header_stamps import cdr_stamp_ns
from hopfield_pebal_ros.replay.playback import OVERLAY_TOPIC, RESULT_TOPICS, SEGMENTATION_TOPIC

RECORDED_TOPICS: Final = (*RESULT_TOPICS, OVERLAY_TOPIC)
_WAITING_AT_MOST: Final = 64  # messages; more would only hide that the disk is too slow


@dataclass
class ResultRecording:
    """A result bag being written in the background, for a `with` block.

    Messages are taken with `received` from any one thread; the first of a stamp and topic counts.
    """

    path: Path
    latency: LatencyLog = field(default_factory=LatencyLog)
    """From `sent` to the arrival of the segmentation, on the steady clock."""

    def __post_init__(self) -> None:
        self._queue: queue.Queue[tuple[str, bytes] | None] = queue.Queue(_WAITING_AT_MOST)
        self._seen: set[tuple[str, int]] = set()
        self._topics_of: Counter[int] = Counter()
        self._writer = BagWriter(self.path, dict.fromkeys(RECORDED_TOPICS, 'reliable'))
        self._thread = threading.Thread(target=self._write, name='result bag')
        self._error: Exception | None = None

    def __enter__(self) -> 'ResultRecording':
        self._writer.__enter__()
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
        failed = self._error or error
        self._writer.__exit__(type(failed) if failed else None, failed, trace)
        if self._error is not None and error is None:
            raise self._error

    def received(self, topic: str, cdr: bytes) -> None:
        """Take a serialised message of a recorded topic."""
        now_s = time.monotonic()
        stamp_ns = cdr_stamp_ns(cdr)
        if topic == SEGMENTATION_TOPIC:
            self.latency.received(stamp_ns, now_s)
        if (topic, stamp_ns) in self._seen:
            return
        self._seen.add((topic, stamp_ns))
        self._topics_of[stamp_ns] += topic in RESULT_TOPICS
        self._queue.put((topic, cdr))

    def num_complete(self) -> int:
        """Return how many frames have come back with all of `RESULT_TOPICS`."""
        return sum(count == len(RESULT_TOPICS) for count in list(self._topics_of.values()))

    def complete_stamps(self) -> set[int]:
        """Return the stamps that came back with all of `RESULT_TOPICS`."""
        return {stamp for stamp, count in self._topics_of.items() if count == len(RESULT_TOPICS)}

    def _write(self) -> None:
        while (item := self._queue.get()) is not None:
            if self._error is not None:
                continue  # keeps the queue moving until the block ends
            try:
                topic, cdr = item
                self._writer.write_serialised(topic, cdr_stamp_ns(cdr), cdr)
            except Exception as error:  # raised again when the block ends
                self._error = error
