"""Let SIGINT and SIGTERM end the process in order, wherever it is."""

import math
import os
import signal
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Final

_STOP_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)

_SAME_WITHIN_S: Final = 1.0


def on_stop_signal(stop: Callable[[], None]) -> None:
    """Call `stop` from another thread at the first signal.

    One that comes within a second belongs to the first: a launcher and the terminal both send it.
    A later one ends the process at once, with exit code 128 + signal.

    rclpy's own handlers invalidate the context under whatever publishes at that moment; and one
    of Python's waits for the main thread, which sleeps in the executor.
    """
    read_end, write_end = os.pipe()
    os.set_blocking(write_end, False)
    signal.set_wakeup_fd(write_end)
    for each in _STOP_SIGNALS:
        signal.signal(each, _leave_it_to_the_thread)

    def wait() -> None:
        first_s = math.inf
        while True:
            number = os.read(read_end, 1)[0]
            if number not in _STOP_SIGNALS:
                continue
            if first_s == math.inf:
                first_s = time.monotonic()
                stop()
            elif time.monotonic() - first_s > _SAME_WITHIN_S:
                os._exit(128 + number)

    threading.Thread(target=wait, name='stop signals', daemon=True).start()


def ignore_stop_signals() -> None:
    """Let what remains of the process end undisturbed; Python's own end restores the defaults."""
    for each in _STOP_SIGNALS:
        signal.signal(each, signal.SIG_IGN)


def _leave_it_to_the_thread(_number: int, _frame: FrameType | None) -> None:
    pass
