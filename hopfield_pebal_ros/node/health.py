"""What the diagnostics report: counts, rates, latencies and the state of each camera; no ROS."""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
from typing import Final, Literal

import numpy as np

CameraState = Literal['waiting', 'ok', 'idle', 'rejected', 'failed']
"""waiting: nothing came yet; idle: nobody listens to a result, no image is asked for; rejected:
the last image could not be read; failed: the engine could not run on it."""

PERCENTILES: Final = (50, 95, 99)

LONGEST_LATENCY_MS: Final = 60_000.0
"""A larger or negative difference means that stamp and clock are not the same clock."""


@dataclass(frozen=True, kw_only=True)
class FrameTimes:
    """Where the time of one published frame went, in ms."""

    latency_ms: float
    """From the header stamp to the last publish, on the ROS clock."""
    processing_ms: float
    """From take to the last publish, on the steady clock: the sum of all that follow."""
    decode_ms: float
    preprocess_ms: float
    inference_ms: float
    postprocess_ms: float
    publish_ms: float
    """With drawing and resizing what is published."""


@dataclass(frozen=True, kw_only=True)
class CameraHealth:
    """One camera since the node started; rates and percentiles over the last seconds."""

    state: CameraState
    silent_s: float
    """Since the last image, or since images are asked for; 0 while idle."""
    num_received: int
    num_lost: int
    """Images that the transport says it lost before they came here."""
    num_published: int
    num_rejected: int
    num_failed: int
    num_idle: int
    """Images whose last listener left before their turn."""
    num_off_clock: int
    """Published images whose stamp is not on the ROS clock; without latency."""
    input_rate_hz: float
    output_rate_hz: float
    last_rejection: str
    last_failure: str
    last_times: FrameTimes | None
    latency_ms: dict[int, float]
    """Percentile -> ms; empty without frames."""
    processing_ms: dict[int, float]
    slow_for_ms: float
    """How long every frame has taken longer than allowed; 0 when the last one did not."""


@dataclass
class _Record:
    """What is counted of one camera; times in s of the steady clock."""

    is_wanted: bool = True
    state: CameraState = 'waiting'
    watched_since_s: float = 0.0
    num_received: int = 0
    num_lost: int = 0
    num_published: int = 0
    num_rejected: int = 0
    num_failed: int = 0
    num_idle: int = 0
    num_off_clock: int = 0
    last_rejection: str = ''
    last_failure: str = ''
    last_times: FrameTimes | None = None
    received_at_s: deque[float] = field(default_factory=deque)
    published: deque[tuple[float, FrameTimes]] = field(default_factory=deque)
    slow_since_s: float | None = None


_COUNTED: Final = tuple(
    each.name for each in fields(_Record) if each.name.startswith(('num_', 'last_'))
)


class Health:
    """Counts what happens to the frames of every camera; any thread may report to it.

    Args:
        cameras: names.
        window_s: rates and percentiles are of this long.
        clock: seconds of a clock that does not jump.
    """

    def __init__(
        self,
        cameras: Sequence[str],
        *,
        window_s: float = 10.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._window_s = window_s
        self._clock = clock
        self._lock = threading.Lock()
        self._records = {camera: self._new_record() for camera in cameras}
        self.allowed_processing_ms = 0.0
        """Frames that take longer are slow; 0 allows everything."""

    def reset(self) -> None:
        """Count from 0 again; the state of each camera stays."""
        with self._lock:
            for camera, record in self._records.items():
                fresh = self._new_record()
                fresh.is_wanted, fresh.state = record.is_wanted, record.state
                self._records[camera] = fresh

    def want(self, camera: str, is_wanted: bool) -> None:
        """Begin to wait for images, or expect none because nobody listens to a result."""
        with self._lock:
            record = self._records[camera]
            record.is_wanted = is_wanted
            record.state = 'waiting'
            record.watched_since_s = self._clock()
            record.received_at_s.clear()
            record.published.clear()
            record.slow_since_s = None

    def _new_record(self) -> _Record:
        return _Record(watched_since_s=self._clock())

    def received(self, camera: str) -> None:
        with self._lock:
            record = self._records[camera]
            record.num_received += 1
            record.received_at_s.append(self._clock())
            self._forget_old(record)

    def lost(self, camera: str, count: int) -> None:
        with self._lock:
            self._records[camera].num_lost += count

    def idle(self, camera: str) -> None:
        with self._lock:
            self._records[camera].num_idle += 1

    def rejected(self, camera: str, reason: str) -> None:
        with self._lock:
            record = self._records[camera]
            record.num_rejected += 1
            record.last_rejection = reason
            record.state = 'rejected'

    def failed(self, camera: str, reason: str) -> None:
        with self._lock:
            record = self._records[camera]
            record.num_failed += 1
            record.last_failure = reason
            record.state = 'failed'

    def published(self, camera: str, times: FrameTimes) -> None:
        with self._lock:
            record = self._records[camera]
            record.num_published += 1
            record.num_off_clock += not _is_on_clock(times)
            record.last_times = times
            record.state = 'ok'
            record.published.append((self._clock(), times))
            is_slow = 0 < self.allowed_processing_ms < times.processing_ms
            if not is_slow:
                record.slow_since_s = None
            elif record.slow_since_s is None:
                record.slow_since_s = self._clock() - times.processing_ms / 1e3
            self._forget_old(record)

    def of(self, camera: str) -> CameraHealth:
        """Return the state of one camera now."""
        with self._lock:
            record = self._records[camera]
            self._forget_old(record)
            now_s = self._clock()
            times = [each for _, each in record.published]
            last_s = record.received_at_s[-1] if record.received_at_s else record.watched_since_s
            return CameraHealth(
                **{name: getattr(record, name) for name in _COUNTED},
                state=record.state if record.is_wanted else 'idle',
                silent_s=now_s - last_s if record.is_wanted else 0.0,
                input_rate_hz=_rate_hz(record.received_at_s, now_s),
                output_rate_hz=_rate_hz([at_s for at_s, _ in record.published], now_s),
                latency_ms=_percentiles([e.latency_ms for e in times if _is_on_clock(e)]),
                processing_ms=_percentiles([each.processing_ms for each in times]),
                slow_for_ms=(
                    0.0 if record.slow_since_s is None else (now_s - record.slow_since_s) * 1e3
                ),
            )

    def _forget_old(self, record: _Record) -> None:
        oldest_s = self._clock() - self._window_s
        while len(record.received_at_s) > 1 and record.received_at_s[0] < oldest_s:
            record.received_at_s.popleft()
        while record.published and record.published[0][0] < oldest_s:
            record.published.popleft()


def _is_on_clock(times: FrameTimes) -> bool:
    return 0 <= times.latency_ms <= LONGEST_LATENCY_MS


def _rate_hz(at_s: Sequence[float], now_s: float) -> float:
    """Return events a second since the first; it falls while none comes."""
    if len(at_s) < 2 or now_s <= at_s[0]:
        return 0.0
    return (len(at_s) - 1) / (now_s - at_s[0])


def _percentiles(values: Sequence[float]) -> dict[int, float]:
    if not values:
        return {}
    found = np.percentile(values, PERCENTILES)
    return {each: float(value) for each, value in zip(PERCENTILES, found, strict=True)}
