"""An energy of single pixels, taken of a few rows of a map at a time."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Final, TypeVar

import torch
from torch import Tensor

from training.scores.readings import Readings

PIXELS: Final = 1024
"""Of a band, for each thread: 256 features and 192 similarities of them fit a cache of 2 MiB."""

ScoreT = TypeVar('ScoreT', bound=Any)


def in_bands(energy: Callable[[ScoreT, Readings], Tensor]) -> Callable[[ScoreT, Readings], Tensor]:
    """Have the `energy` of a score evaluated band by band on a CPU.

    Every similarity is then read from the cache as often as it is needed, and never in memory as
    a whole. For energies in which no pixel looks at another one. Vectors, other devices and
    exported graphs take everything at once.
    """

    @wraps(energy)
    def banded(score: ScoreT, readings: Readings) -> Tensor:
        features = readings.features
        if features.ndim != 4 or features.device.type != 'cpu' or torch.compiler.is_compiling():
            return energy(score, readings)
        batch, _, height, width = features.shape
        rows = max(1, PIXELS * torch.get_num_threads() // (batch * width))
        bands = [
            energy(score, readings.rows(first, first + rows)) for first in range(0, height, rows)
        ]
        return torch.cat(bands, dim=1)

    return banded
