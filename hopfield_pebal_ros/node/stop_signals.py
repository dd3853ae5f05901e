"""Let SIGINT and SIGTERM end the process in order, wherever it is."""

import signal
import threading
from collections.abc import Callable
from typing import Final

_STOP_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


def hold_stop_signals() -> None:
    """Keep the signals back, in this thread and in all that it starts, for `on_stop_signal`.

    rclpy's own handlers invalidate the context at once, under whatever publishes at that moment.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, _STOP_SIGNALS)


def on_stop_signal(stop: Callable[[], None]) -> None:
    """Call `stop` from another thread at the first held signal; a second one acts as usual."""

    def wait() -> None:
        signal.sigwait(_STOP_SIGNALS)
        stop()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOP_SIGNALS)

    threading.Thread(target=wait, name='stop signals', daemon=True).start()
