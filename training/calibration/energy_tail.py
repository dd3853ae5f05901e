"""How much weight lies above each energy, and the thresholds that leave a given weight above."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.evaluation.score_keys import from_keys

_ROUNDING: Final = 1e-9  # relative; sums of shares are exact to far less


@dataclass(frozen=True)
class EnergyTail:
    """Weight above each key of the energy (`evaluation.score_keys`).

    A threshold found here is the largest energy of a key, so `energy > threshold` holds for the
    pixels of the keys above it and for no other: weights are exact, and thresholds are to one step
    of the keys, 1 part in 65536.
    """

    keys: npt.NDArray[np.int64]
    """(N,) that have weight, ascending."""
    from_top: npt.NDArray[np.float64]
    """(N + 1,) weight of each key and those above it; the first is all of it, the last 0."""

    @property
    def total(self) -> float:
        return float(self.from_top[0])

    def lowest_threshold(self, *, most_above: float) -> float:
        """Return the lowest threshold with at most `most_above` >= 0 above it."""
        above = self.from_top[1:]
        enough = np.searchsorted(-above, -most_above * (1 + _ROUNDING), side='left')
        return _just_below(int(self.keys[enough]) + 1)

    def highest_threshold(self, *, least_above: float) -> float:
        """Return the highest threshold with at least `least_above` above it.

        Args:
            least_above: weight, more than 0 and at most `total`.
        """
        too_few = np.searchsorted(-self.from_top, -least_above * (1 - _ROUNDING), side='right')
        return _just_below(int(self.keys[too_few - 1]))


def tail_of(weights: npt.NDArray[np.int64] | npt.NDArray[np.float64]) -> EnergyTail:
    """Add up weights per key, (NUM_KEYS,) each >= 0.

    Raises:
        ValueError: no key has weight.
    """
    occupied = np.flatnonzero(weights)
    if occupied.size == 0:
        raise ValueError('there is no pixel to place a threshold by')
    from_top = np.cumsum(weights[occupied][::-1], dtype=np.float64)[::-1]
    return EnergyTail(occupied, np.append(from_top, 0.0))


def _just_below(key: int) -> float:
    """Return the largest energy that is below those of a key."""
    return float(np.nextafter(from_keys(np.array([key]))[0], np.float32(-np.inf)))
