"""Bag time: runs from the first message on, any number of times as fast as the steady clock."""

import time
from typing import Final

SLEEP_AT_MOST_S: Final = 0.1  # so that an interrupt is noticed soon


class BagClock:
    """Tells bag time, and sleeps by it; another thread may read it."""

    def __init__(self, rate: float) -> None:
        """Make a clock that stands.

        Args:
            rate: seconds of the bag for each second.
        """
        self.rate = rate
        self._started: tuple[int, float] | None = None

    def start(self, bag_ns: int) -> None:
        """Run from `bag_ns` on; may be a jump back, as at the end of a loop."""
        self._started = bag_ns, time.monotonic()

    def now_ns(self) -> int | None:
        """Return the bag time, None before the start."""
        if self._started is None:
            return None
        bag_ns, since_s = self._started
        return bag_ns + round((time.monotonic() - since_s) * self.rate * 1e9)

    def sleep_until(self, bag_ns: int) -> None:
        """Return at `bag_ns` of a clock that runs, at once where that is over."""
        assert self._started is not None
        started_ns, since_s = self._started
        end_s = since_s + (bag_ns - started_ns) * 1e-9 / self.rate
        while (left_s := end_s - time.monotonic()) > 0:
            time.sleep(min(left_s, SLEEP_AT_MOST_S))
