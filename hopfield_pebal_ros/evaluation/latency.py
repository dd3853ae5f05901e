"""Latency of frames, keyed by their header stamps: percentiles, missed and unknown stamps."""

from collections.abc import Iterable

import numpy as np


def percentiles_ms(values_ms: Iterable[float]) -> dict[str, float]:
    """Return the 50th, 95th and 99th percentile, linearly interpolated, in milliseconds.

    Raises:
        ValueError: there are no values.
    """
    values = np.fromiter(values_ms, np.float64)
    if values.size == 0:
        raise ValueError('no latency was measured: did the node answer at all?')
    p50, p95, p99 = np.percentile(values, (50, 95, 99))
    return {'p50': float(p50), 'p95': float(p95), 'p99': float(p99)}


class LatencyLog:
    """Pairs what was sent with what came back, by header stamp and never by order of arrival."""

    def __init__(self) -> None:
        self._sent_s: dict[int, float] = {}
        self._latency_s: dict[int, float] = {}
        self._unknown: list[int] = []
        self._repeated: list[int] = []

    def sent(self, stamp_ns: int, time_s: float) -> None:
        """Note that the frame of this header stamp left, at `time_s` of any steady clock.

        Raises:
            ValueError: a frame with this stamp already left.
        """
        if stamp_ns in self._sent_s:
            raise ValueError(f'stamp {stamp_ns} ns was sent twice: give each frame its own stamp')
        self._sent_s[stamp_ns] = time_s

    def received(self, stamp_ns: int, time_s: float) -> None:
        """Note that a result with this header stamp arrived, at `time_s` of the same clock."""
        if stamp_ns not in self._sent_s:
            self._unknown.append(stamp_ns)
        elif stamp_ns in self._latency_s:
            self._repeated.append(stamp_ns)
        else:
            self._latency_s[stamp_ns] = time_s - self._sent_s[stamp_ns]

    def latencies_ms(self) -> dict[int, float]:
        """Return milliseconds by header stamp, in order of arrival; the first answer counts."""
        return {stamp: 1000.0 * seconds for stamp, seconds in self._latency_s.items()}

    def missed(self) -> list[int]:
        """Return the stamps that were sent and never answered, in the order of sending."""
        return [stamp for stamp in self._sent_s if stamp not in self._latency_s]

    def unknown(self) -> list[int]:
        """Return the stamps that came back but were never sent: the header was not kept."""
        return list(self._unknown)

    def repeated(self) -> list[int]:
        """Return the stamps that came back more than once: a frame was processed twice."""
        return list(self._repeated)
