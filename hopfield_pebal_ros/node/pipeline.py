"""Work that overlaps, and is finished in the order in which it was taken."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

Work = TypeVar('Work')
Result = TypeVar('Result')


def run_pipeline(
    take: Callable[[], Work | None],
    compute: Callable[[Work], Result],
    finish: Callable[[Work, Callable[[], Result]], None],
    *,
    depth: int,
    num_computing: int,
    on_thread: Callable[[], None],
) -> None:
    """Take, compute and finish until there is no more work, and return when all is finished.

    Args:
        take: gives the next work, or None at the end; called in this thread.
        compute: called in this thread if the depth is 1, else in others.
        finish: gets the work and what returns its result, or raises what `compute` raised; must
            not raise itself. Called for one work at a time, in the order of `take`.
        depth: works between take and finish. At 1 nothing overlaps, and no thread is started.
        num_computing: works that are computed at the same time.
        on_thread: called once in each thread that is started.
    """
    if depth == 1:
        while (work := take()) is not None:
            finish(work, partial(compute, work))
        return
    places = threading.Semaphore(depth)
    with (
        ThreadPoolExecutor(num_computing, 'compute', on_thread) as computing,
        ThreadPoolExecutor(1, 'finish', on_thread) as finishing,
    ):
        while places.acquire() and (work := take()) is not None:
            result = computing.submit(compute, work)
            finished = finishing.submit(finish, work, result.result)
            finished.add_done_callback(lambda _: places.release())
