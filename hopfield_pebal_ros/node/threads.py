"""Wait until threads that an inference runtime worked in are really gone."""

import time
from collections.abc import Iterable
from pathlib import Path


def wait_for_the_end_of(native_ids: Iterable[int]) -> None:
    """Wait until these threads of the system are gone; before Python 3.13 `join` comes earlier.

    In that moment the runtime cleans up after the thread, and OpenVINO 2026.4
    crashes when its engine is closed meanwhile.
    """
    for native_id in native_ids:
        while Path(f'/proc/self/task/{native_id}').exists():
            time.sleep(0.001)
