"""Draw one object after another from labelled photographs."""

from typing import Final, Protocol

import numpy as np

from training.data.outliers.bounded_cache import BoundedCache
from training.data.outliers.cut_out import FEWEST_PIXELS, CutOut

CACHE_BYTES: Final = 96 * 2**20
"""Of each source in each process that prepares samples."""


class ObjectPictures(Protocol):
    """Photographs by number, and what may be cut out of them."""

    name: str
    """What and where they are, for messages."""

    def __len__(self) -> int: ...

    def cut_outs(self, index: int) -> tuple[CutOut, ...]:
        """Return the usable objects of one photograph; there may be none.

        Raises:
            ValueError: a file cannot be read, or does not fit its picture; the message names it.
        """
        ...


class ObjectPool:
    """A random object of a random photograph."""

    def __init__(self, pictures: ObjectPictures) -> None:
        """Look for the first usable object.

        Raises:
            ValueError: there is none, or a file cannot be read.
        """
        if not any(pictures.cut_outs(index) for index in range(len(pictures))):
            raise ValueError(
                f'none of the {len(pictures)} pictures of {pictures.name} has an object to paste: '
                f'all are of excluded classes or smaller than {FEWEST_PIXELS} pixels'
            )
        self._pictures = pictures
        self._cache: BoundedCache[tuple[CutOut, ...]] = BoundedCache(CACHE_BYTES)

    def draw(self, rng: np.random.Generator, size_px: int) -> CutOut:
        """Draw a picture and one of its objects, if possible one that need not be enlarged."""
        objects: tuple[CutOut, ...] = ()
        index = int(rng.integers(len(self._pictures)))
        while not objects:  # the constructor has seen that one picture has objects
            objects = self._objects(index)
            index = (index + 1) % len(self._pictures)
        large = [each for each in objects if max(each.alpha.shape) >= size_px] or objects
        return large[rng.integers(len(large))]

    def _objects(self, index: int) -> tuple[CutOut, ...]:
        return self._cache.get(index, lambda: self._pictures.cut_outs(index))
