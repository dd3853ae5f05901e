"""The model is opened in a thread: its answer, its error, the wait for it and the end of that."""

import threading

import pytest

from hopfield_pebal_ros.node.opening import (
    OpeningStoppedError,
    is_left_opening,
    open_in_thread,
)


def never() -> bool:
    return False


def silent(_: float) -> None:
    pass


def test_it_returns_what_was_opened_in_another_thread():
    opener = open_in_thread(threading.current_thread, is_stopped=never, still_opening=silent)
    assert opener is not threading.current_thread()
    assert not opener.is_alive()
    assert not is_left_opening()


def test_an_error_comes_through():
    def fail() -> None:
        raise FileNotFoundError('no such model')

    with pytest.raises(FileNotFoundError, match='no such model'):
        open_in_thread(fail, is_stopped=never, still_opening=silent)


def test_a_long_wait_is_told():
    told: list[float] = []
    go_on = threading.Event()

    def tell(seconds: float) -> None:
        told.append(seconds)
        if len(told) == 3:
            go_on.set()

    open_in_thread(go_on.wait, is_stopped=never, still_opening=tell, tell_every_s=0.01)
    assert len(told) >= 3
    assert 0 < told[0] < told[1] < told[2]


def test_a_stop_leaves_the_thread_alone():
    go_on = threading.Event()
    with pytest.raises(OpeningStoppedError, match='asked to stop'):
        open_in_thread(go_on.wait, is_stopped=lambda: True, still_opening=silent)
    assert is_left_opening()
    (left,) = [each for each in threading.enumerate() if each.name == 'model opening']
    go_on.set()
    left.join(10)
    assert not is_left_opening()
