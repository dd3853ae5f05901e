"""How a process that prepares samples starts."""

import signal
from typing import Final

import cv2

WORKER_START: Final = 'spawn'
"""A forked worker hangs in cv2 once the parent has used cv2's threads."""


def start_worker(_worker_id: int) -> None:
    """One thread a worker; an interrupt is for the process that trains."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    cv2.setNumThreads(1)
