"""Open the model in a thread of its own: the node tells how long it takes, and may be stopped."""

import threading
import time
from collections.abc import Callable
from concurrent import futures
from typing import Final, TypeVar

from hopfield_pebal_ros.node.threads import wait_for_the_end_of

Opened = TypeVar('Opened')

_THREAD_NAME: Final = 'model opening'

_STOP_LOOK_S: Final = 0.1


class OpeningStoppedError(RuntimeError):
    """The process was asked to stop before the model was open."""


def open_in_thread(
    open_model: Callable[[], Opened],
    *,
    is_stopped: Callable[[], bool],
    still_opening: Callable[[float], None],
    tell_every_s: float = 1.0,
) -> Opened:
    """Return what `open_model` returns, or raise what it raises.

    A runtime may compile for minutes, and no runtime can be interrupted meanwhile.

    Args:
        open_model: called in another thread.
        is_stopped: asked all the time; when true, the thread is left alone.
        still_opening: told every so often how long it takes already [s].
        tell_every_s: so often.

    Raises:
        OpeningStoppedError: `is_stopped` said so.
    """
    outcome: futures.Future[Opened] = futures.Future()
    thread = threading.Thread(
        target=_settle, args=(outcome, open_model), name=_THREAD_NAME, daemon=True
    )
    thread.start()
    start_s = told_s = time.monotonic()
    while not futures.wait([outcome], timeout=_STOP_LOOK_S).done:
        if is_stopped():
            raise OpeningStoppedError('asked to stop while the model was being opened')
        now_s = time.monotonic()
        if now_s - told_s >= tell_every_s:
            told_s = now_s
            still_opening(now_s - start_s)
    thread.join()
    assert thread.native_id is not None
    wait_for_the_end_of([thread.native_id])
    return outcome.result()


def is_left_opening() -> bool:
    """Tell whether a thread that was left alone still opens a model.

    Python's own end would take the runtime's libraries away from under it.
    """
    return any(each.name == _THREAD_NAME for each in threading.enumerate())


def _settle(outcome: 'futures.Future[Opened]', open_model: Callable[[], Opened]) -> None:
    try:
        outcome.set_result(open_model())
    except BaseException as error:
        outcome.set_exception(error)
