"""The machine's own limits: multiply-adds a second of its matrix product, bytes a second."""

import time
from collections.abc import Callable
from statistics import median
from typing import Final

import numpy as np
import torch

from hopfield_pebal_ros.inference.engine import RunPrecision

_SIDE: Final = 2048
_COPIED_BYTES: Final = 256_000_000
_REPEATS: Final = 5


def multiply_adds_per_s(precision: RunPrecision) -> float:
    """Measure the product of two square matrices on every core, by oneDNN.

    Raises:
        ValueError: fp16, which this processor may not have.
    """
    if precision == 'int8':
        left, right = (torch.randint(-8, 8, (_SIDE, _SIDE), dtype=torch.int8) for _ in range(2))
        seconds = _seconds(lambda: torch._int_mm(left, right))
        return _SIDE**3 / seconds
    types = {'fp32': torch.float32, 'bf16': torch.bfloat16}
    if precision not in types:
        raise ValueError(f'precision must be one of {(*types, "int8")}, got {precision!r}')
    a, b = (torch.randn(_SIDE, _SIDE, dtype=types[precision]) for _ in range(2))
    return _SIDE**3 / _seconds(lambda: a @ b)


def bytes_per_s() -> float:
    """Measure a copy in memory, each byte counted as read and as written."""
    source = np.zeros(_COPIED_BYTES, np.uint8)
    target = np.empty_like(source)
    return 2 * _COPIED_BYTES / _seconds(lambda: np.copyto(target, source))


def _seconds(run: Callable[[], object]) -> float:
    run()
    found = []
    for _ in range(_REPEATS):
        start_s = time.perf_counter()
        run()
        found.append(time.perf_counter() - start_s)
    return median(found)
