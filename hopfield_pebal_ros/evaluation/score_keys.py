"""A whole number for every float32 energy that keeps the order: what the counters count by."""

from typing import Final

import numpy as np
import numpy.typing as npt

KEY_BITS: Final = 22
"""Sign, exponent and 13 bits of mantissa: energies closer than 1 part in 8192 may share a key."""

NUM_KEYS: Final = 1 << KEY_BITS

_DROPPED_BITS: Final = np.uint32(32 - KEY_BITS)
_SIGN: Final = np.uint32(0x80000000)
_MINUS_INFINITY: Final = np.uint32(
    0x007FFFFF
)  # its place in the order of all float32 bit patterns


def to_keys(energy: npt.NDArray[np.float32]) -> npt.NDArray[np.uint32]:
    """Return one whole number per energy; a < b never gives a larger key to a.

    IEEE floats of one sign are already ordered as integers; negative ones run backwards, so their
    bits are flipped. No range has to be known. NaN has no place in the order: keep it out.
    """
    bits = (energy + np.float32(0)).view(np.uint32)  # -0.0 becomes 0.0: they are equal
    negative = (bits.view(np.int32) >> 31).view(np.uint32)  # all ones, or zero
    bits ^= negative | _SIGN
    bits >>= _DROPPED_BITS
    return bits


def from_keys(keys: npt.NDArray[np.integer]) -> npt.NDArray[np.float32]:
    """Return the smallest energy of each key: cutting there is the same as cutting the keys."""
    ordered = np.maximum(keys.astype(np.uint32) << _DROPPED_BITS, _MINUS_INFINITY)
    bits = np.where(ordered & _SIGN, ordered ^ _SIGN, ~ordered)
    energies: npt.NDArray[np.float32] = bits.astype(np.uint32).view(np.float32)
    return energies
