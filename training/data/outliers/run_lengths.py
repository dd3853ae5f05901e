"""COCO's run-length masks: pixels counted down the columns, first those outside."""

from typing import Any

import numpy as np
import numpy.typing as npt


def decode_run_lengths(document: Any) -> npt.NDArray[np.bool_]:
    """Return the mask of a COCO segmentation {"size": [h, w], "counts": list or string}.

    Raises:
        ValueError: the counts do not add up to the size.
    """
    height, width = document['size']
    counts = document['counts']
    runs = _decompressed(counts) if isinstance(counts, str) else counts
    if sum(runs) != height * width or min(runs, default=0) < 0:
        raise ValueError(f'run lengths cover {sum(runs)} pixels, the mask is {height}x{width}')
    is_inside = np.arange(len(runs)) % 2 == 1
    return np.repeat(is_inside, runs).reshape(width, height).T


def _decompressed(text: str) -> list[int]:
    """Return the run lengths of COCO's compressed form.

    Five bits a character, the lowest first, bit 5: more follow, the last one's bit 4: negative;
    from the fourth on a run is stored as the difference to the one two before it.
    """
    runs: list[int] = []
    value = shift = 0
    for character in text:
        bits = ord(character) - 48
        value |= (bits & 31) << shift
        shift += 5
        if not bits & 32:
            if bits & 16:
                value -= 1 << shift
            runs.append(value + runs[-2] if len(runs) > 2 else value)
            value = shift = 0
    return runs
