import random
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from hopfield_pebal_ros.node.pipeline import run_pipeline

PATIENCE_S = 20.0


def run(
    compute: Callable[[int], Any],
    finish: Callable[[int, Callable[[], Any]], None],
    *,
    depth: int,
    count: int = 30,
    num_computing: int = 1,
    taken: Callable[[int], None] = lambda _: None,
) -> list[int]:
    """Send 0, 1, ... through, and return the ids of the threads that were started."""
    numbers = iter(range(count))
    threads: list[int] = []

    def take() -> int | None:
        number = next(numbers, None)
        if number is not None:
            taken(number)
        return number

    run_pipeline(
        take,
        compute,
        finish,
        depth=depth,
        num_computing=num_computing,
        on_thread=lambda: threads.append(threading.get_ident()),
    )
    return threads


@pytest.mark.parametrize('depth', [1, 2, 5])
@pytest.mark.parametrize('num_computing', [1, 3])
def test_results_come_in_order_however_long_each_takes(depth: int, num_computing: int):
    waits = random.Random(0)
    finished = []

    def compute(number: int) -> int:
        time.sleep(waits.random() / 200)
        return number * number

    run(
        compute,
        lambda number, result: finished.append((number, result())),
        depth=depth,
        num_computing=num_computing,
    )
    assert finished == [(number, number * number) for number in range(30)]


@pytest.mark.parametrize('depth', [1, 2, 4])
def test_no_more_than_the_depth_is_between_take_and_finish(depth: int):
    in_work: set[int] = set()
    most = 0

    def taken(number: int) -> None:
        nonlocal most
        in_work.add(number)
        most = max(most, len(in_work))

    def finish(number: int, result: Callable[[], int]) -> None:
        result()
        time.sleep(0.002)
        in_work.discard(number)

    run(lambda number: number, finish, depth=depth, taken=taken)
    assert most <= depth
    assert not in_work


def test_the_next_is_taken_while_the_last_is_computed():
    is_next_taken = threading.Event()

    def compute(number: int) -> bool:
        return number > 0 or is_next_taken.wait(PATIENCE_S)

    results = []
    run(
        compute,
        lambda _, result: results.append(result()),
        depth=2,
        count=2,
        taken=lambda number: is_next_taken.set() if number == 1 else None,
    )
    assert results == [True, True]


def test_the_next_is_computed_while_the_last_is_finished():
    is_next_computed = threading.Event()

    def compute(number: int) -> int:
        if number == 1:
            is_next_computed.set()
        return number

    overlapped = []
    run(
        compute,
        lambda number, _: overlapped.append(number > 0 or is_next_computed.wait(PATIENCE_S)),
        depth=2,
        count=2,
    )
    assert overlapped == [True, True]


@pytest.mark.parametrize('depth', [1, 3])
def test_what_compute_raises_is_met_by_its_own_work_alone(depth: int):
    def compute(number: int) -> int:
        if number % 3 == 0:
            raise RuntimeError(f'no {number}')
        return number

    finished: list[Any] = []

    def finish(_: int, result: Callable[[], int]) -> None:
        try:
            finished.append(result())
        except RuntimeError as error:
            finished.append(str(error))

    run(compute, finish, depth=depth, count=6)
    assert finished == ['no 0', 1, 2, 'no 3', 4, 5]


def test_at_depth_1_nothing_leaves_the_thread():
    here = threading.get_ident()
    seen = []

    def compute(_: int) -> None:
        seen.append(threading.get_ident())

    def finish(_: int, result: Callable[[], None]) -> None:
        result()
        seen.append(threading.get_ident())

    assert run(compute, finish, depth=1, count=2) == []
    assert seen == [here] * 4


def test_every_started_thread_is_told_of():
    used = set()
    started = run(
        lambda _: used.add(threading.get_ident()),
        lambda _, result: (result(), used.add(threading.get_ident())),
        depth=2,
    )
    assert set(started) == used
    assert len(started) == 2
