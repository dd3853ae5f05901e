"""Times of several programs, taken in turn, so that what else the machine does meets them all."""

import time
from collections.abc import Callable, Mapping
from statistics import median


def medians_in_turn(
    runs: Mapping[str, Callable[[], object]], *, repeats: int, pause_s: float = 0.0
) -> dict[str, float]:
    """Return the median time of each [ms], after one round that is not counted.

    Args:
        runs: what is timed, by name.
        repeats: rounds that count.
        pause_s: before each run, in which threads of the last one go to sleep.
    """
    times_ms: dict[str, list[float]] = {name: [] for name in runs}
    for number in range(repeats + 1):
        for name, run in runs.items():
            time.sleep(pause_s)
            start_s = time.perf_counter()
            run()
            if number:
                times_ms[name].append((time.perf_counter() - start_s) * 1e3)
    return {name: median(each) for name, each in times_ms.items()}
