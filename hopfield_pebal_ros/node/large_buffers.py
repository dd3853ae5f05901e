"""Keep the memory of large messages in the process from one image to the next."""

import ctypes
from typing import Final

_TRIM_THRESHOLD: Final = -1
_MMAP_THRESHOLD: Final = -3
"""Names of glibc's mallopt (malloc.h)."""

_LARGEST_KEPT_BYTES: Final = 32 * 2**20
"""The most that glibc allows: 8 bit colour up to 11 megapixels."""

_FREE_KEPT_BYTES: Final = 256 * 2**20


def keep_freed_memory() -> None:
    """Let the C library use freed memory again, for the whole process.

    Its own way is to give back what is free above 12 MB or so, and several copies of an image are
    freed after each: then every image begins with thousands of page faults (1920x1080 bgr8, maps
    of 512x1024: 1550 an image with the default model, with this 5; the take alone of a bare node
    9.0 ms, with this 2.6 ms). Up to 256 MB of free memory stay with the process. Without effect
    where the C library is not glibc.
    """
    mallopt = getattr(ctypes.CDLL(None), 'mallopt', None)
    if mallopt is not None:
        mallopt(_MMAP_THRESHOLD, _LARGEST_KEPT_BYTES)
        mallopt(_TRIM_THRESHOLD, _FREE_KEPT_BYTES)
