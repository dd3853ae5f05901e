"""A whole number for every float32 energy that keeps the order: what the counters count by."""

from typing import Final

import numpy as np
import numpy.typing as npt

# magnitudes as float32 bit patterns; between the two a key is 1 part in 65536, outside 1 in 1024
_FINE_FROM: Final = np.uint32((127 - 16) << 23)  # 2^-16
_COARSE_FROM: Final = np.uint32((127 + 16) << 23)  # 2^16
_INFINITE: Final = np.uint32(255 << 23)
_FINE_SHIFT: Final = np.uint32(23 - 16)
_COARSE_SHIFT: Final = np.uint32(23 - 10)
_MAGNITUDE: Final = np.uint32(0x7FFFFFFF)

_FINE_KEY: Final = int(_FINE_FROM >> _COARSE_SHIFT)
_COARSE_KEY: Final = _FINE_KEY + int((_COARSE_FROM - _FINE_FROM) >> _FINE_SHIFT)
_KEYS_PER_SIGN: Final = _COARSE_KEY + int((_INFINITE - _COARSE_FROM) >> _COARSE_SHIFT) + 1

NUM_KEYS: Final = 2 * _KEYS_PER_SIGN
"""About 4.6 million: 71 MiB for two classes if every key occurs."""


def to_keys(energy: npt.NDArray[np.float32]) -> npt.NDArray[np.int32]:
    """Return 0..NUM_KEYS-1 for each energy; a < b never gives a larger key to a.

    The bits of positive floats are ordered like integers; those of negative ones run backwards.
    No range has to be known. Infinities have their place; NaN has none: keep it out.
    """
    bits = (energy + np.float32(0)).view(np.uint32)  # -0.0 becomes 0.0: they are equal
    negative = bits.view(np.int32) >> 31  # -1 or 0
    bits &= _MAGNITUDE
    keys = np.minimum(bits, _FINE_FROM) >> _COARSE_SHIFT
    fine = np.maximum(bits, _FINE_FROM)
    keys += (np.minimum(fine, _COARSE_FROM) - _FINE_FROM) >> _FINE_SHIFT
    keys += (np.maximum(bits, _COARSE_FROM) - _COARSE_FROM) >> _COARSE_SHIFT
    signed: npt.NDArray[np.int32] = keys.view(np.int32)
    signed ^= negative  # k becomes -k - 1
    signed += np.int32(_KEYS_PER_SIGN)
    return signed


def from_keys(keys: npt.NDArray[np.integer]) -> npt.NDArray[np.float32]:
    """Return the smallest energy of each key: cutting there is the same as cutting the keys."""
    signed = keys.astype(np.int64) - _KEYS_PER_SIGN
    positive = signed >= 0
    # the smallest energy of a negative key has the largest magnitude before the next key begins
    bits = np.where(positive, _first_bits(signed), _first_bits(-signed) - 1)
    bits = np.minimum(bits, int(_INFINITE)).astype(np.uint32)
    energies: npt.NDArray[np.float32] = bits.view(np.float32)
    return np.where(positive, energies, -energies)


def _first_bits(keys: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return the bit pattern of the smallest magnitude of each key of one sign."""
    low = np.clip(keys, 0, _FINE_KEY) << int(_COARSE_SHIFT)
    fine = (np.clip(keys, _FINE_KEY, _COARSE_KEY) - _FINE_KEY) << int(_FINE_SHIFT)
    high = (np.maximum(keys, _COARSE_KEY) - _COARSE_KEY) << int(_COARSE_SHIFT)
    first: npt.NDArray[np.int64] = low + fine + high
    return first
