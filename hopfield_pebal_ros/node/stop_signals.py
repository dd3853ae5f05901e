"""Let SIGINT and SIGTERM end the process in order, wherever it is."""

import os
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Final

_STOP_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


def on_stop_signal(stop: Callable[[], None]) -> None:
    """Call `stop` from another thread at the first signal; the same signal again ends at once.

    rclpy's own handlers invalidate the context under whatever publishes at that moment; and one
    of Python's waits for the main thread, which sleeps in the executor.
    """
    read_end, write_end = os.pipe()
    os.set_blocking(write_end, False)
    signal.set_wakeup_fd(write_end)
    for each in _STOP_SIGNALS:
        signal.signal(each, _act_as_usual)

    def wait() -> None:
        while os.read(read_end, 1)[0] not in _STOP_SIGNALS:
            pass
        stop()

    threading.Thread(target=wait, name='stop signals', daemon=True).start()


def _act_as_usual(number: int, _: FrameType | None) -> None:
    signal.signal(number, signal.SIG_DFL)
