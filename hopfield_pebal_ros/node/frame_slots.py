"""The newest frame of each camera, a fair choice among cameras, and counts of what was dropped."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Frame = TypeVar('Frame')


@dataclass
class _Slot(Generic[Frame]):
    frame: Frame | None = None
    put_at_s: float = float('-inf')
    round: int = 0
    """The last round that it had its turn in."""
    taken_at_s: float = float('-inf')
    period_s: float = 0.0
    num_dropped: int = 0

    @property
    def due_s(self) -> float:
        return self.taken_at_s + self.period_s


class FrameSlots(Generic[Frame]):
    """One slot for each camera: a newer frame replaces one that was not taken, and is counted.

    Cameras have their turns in rounds: each that has a frame gets one, the freshest frame first.

    Any thread may put, one or more may take; no frame is taken twice. Times are of `clock`, which
    must not jump.
    """

    def __init__(
        self, cameras: Sequence[str], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._slots: dict[str, _Slot[Frame]] = {camera: _Slot() for camera in cameras}
        self._changed = threading.Condition()
        self._clock = clock
        self._is_open = True
        self._round = 1

    def limit(self, camera: str, max_rate_hz: float) -> None:
        """Take frames of a camera no more often than this; 0 is without limit."""
        with self._changed:
            self._slots[camera].period_s = 1 / max_rate_hz if max_rate_hz > 0 else 0.0
            self._changed.notify_all()

    def put(self, camera: str, frame: Frame) -> None:
        """Store the newest frame of a camera; without effect when closed."""
        with self._changed:
            if not self._is_open:
                return
            slot = self._slots[camera]
            slot.num_dropped += slot.frame is not None
            slot.frame = frame
            slot.put_at_s = self._clock()
            self._changed.notify()

    def take(self, timeout_s: float | None = None, *, at_most: int = 1) -> list[tuple[str, Frame]]:
        """Wait for a frame, and take those of the cameras whose turn it is.

        Args:
            timeout_s: how long to wait; None waits until there is a frame or `close` is called.
            at_most: how many cameras; it does not wait for the second.

        Returns:
            Cameras and their frames; none after the timeout or when closed.
        """
        end_s = float('inf') if timeout_s is None else self._clock() + timeout_s
        with self._changed:
            while self._is_open:
                now_s = self._clock()
                waiting = [each for each in self._slots.items() if each[1].frame is not None]
                due = [each for each in waiting if each[1].due_s <= now_s]
                if due:
                    return self._turns(due, at_most, now_s)
                if now_s >= end_s:
                    break
                next_s = min([end_s, *(slot.due_s for _, slot in waiting)])
                self._changed.wait(None if next_s == float('inf') else next_s - now_s)
        return []

    def _turns(
        self, due: list[tuple[str, _Slot[Frame]]], at_most: int, now_s: float
    ) -> list[tuple[str, Frame]]:
        """Empty slots: first those without a turn in this round, the freshest first."""
        if all(slot.round == self._round for _, slot in due):
            self._round += 1
        due.sort(key=lambda each: (each[1].round == self._round, -each[1].put_at_s))
        taken = []
        for camera, slot in due[:at_most]:
            frame, slot.frame, slot.taken_at_s = slot.frame, None, now_s
            slot.round = self._round
            assert frame is not None
            taken.append((camera, frame))
        return taken

    def num_dropped(self, camera: str) -> int:
        """Return how many frames of a camera were replaced before they were taken."""
        with self._changed:
            return self._slots[camera].num_dropped

    def reset_counts(self) -> None:
        with self._changed:
            for slot in self._slots.values():
                slot.num_dropped = 0

    def close(self) -> None:
        """Forget waiting frames and let every `take` return none."""
        with self._changed:
            self._is_open = False
            for slot in self._slots.values():
                slot.frame = None
            self._changed.notify_all()

    def open(self) -> None:
        """Accept frames again after `close`; the counts go on."""
        with self._changed:
            self._is_open = True
