"""Tell how far a build is, every few seconds, and stop it when asked."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as WaitTimeoutError
from typing import Final, TypeVar

Result = TypeVar('Result')

INTERVAL_S: Final = 5.0


class BuildProgress:
    """The open phases of a build; TensorRT reports them from threads of its own."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._phases: dict[str, tuple[int, int]] = {}
        self._is_cancelled = False

    def start(self, phase: str, num_steps: int) -> None:
        with self._lock:
            self._phases[phase] = (0, num_steps)

    def step(self, phase: str, step: int) -> bool:
        """Note step `step`, counted from 0, as done; False tells the builder to stop."""
        with self._lock:
            _, num_steps = self._phases.get(phase, (0, step + 1))
            self._phases[phase] = (step + 1, num_steps)
            return not self._is_cancelled

    def finish(self, phase: str) -> None:
        with self._lock:
            self._phases.pop(phase, None)

    def cancel(self) -> None:
        with self._lock:
            self._is_cancelled = True

    def line(self, elapsed_s: float) -> str:
        """Return the open phases, outermost first, with their steps."""
        with self._lock:
            phases = [f'{name} {done}/{total}' for name, (done, total) in self._phases.items()]
        return f'{elapsed_s:.0f} s: {" > ".join(phases) or "preparing"}'


def run_reporting(
    work: Callable[[BuildProgress], Result],
    report: Callable[[str], None],
    *,
    interval_s: float = INTERVAL_S,
) -> Result:
    """Run `work` in a thread of its own and report its progress from this one.

    Ctrl-C cancels the build and waits until the builder has stopped.
    """
    progress = BuildProgress()
    start = time.monotonic()
    with ThreadPoolExecutor(1, 'tensorrt_build') as pool:
        future = pool.submit(work, progress)
        try:
            while True:
                try:
                    return future.result(timeout=interval_s)
                except WaitTimeoutError:
                    if future.done():  # the work itself raised it
                        raise
                    report(progress.line(time.monotonic() - start))
        except KeyboardInterrupt:
            progress.cancel()
            raise
