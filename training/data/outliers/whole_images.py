"""Pictures without masks that are outliers as a whole, as in Hopfield Boosting."""

from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from training.data.frames import read_image_rgb
from training.data.outliers.bounded_cache import BoundedCache
from training.data.outliers.object_pool import CACHE_BYTES
from training.data.outliers.picture_files import find_pictures


class WholeImages:
    """Random pieces of the pictures in a folder and below."""

    def __init__(self, folder: Path) -> None:
        """List the pictures.

        Raises:
            FileNotFoundError: there are none.
        """
        self._pictures = find_pictures(folder, wanted='give a folder of pictures without streets')
        self._cache: BoundedCache[tuple[npt.NDArray[np.uint8], ...]] = BoundedCache(CACHE_BYTES)

    def draw(self, rng: np.random.Generator, size_hw: tuple[int, int]) -> npt.NDArray[np.uint8]:
        """Return the largest piece of the proportions h : w, (h', w', 3) uint8 RGB.

        It is at most of that size: finer, it would be sharper than the street that it replaces.

        Raises:
            ValueError: a picture cannot be read; the message names it.
        """
        path = self._pictures[rng.integers(len(self._pictures))]
        [image_rgb] = self._cache.get(path, lambda: (read_image_rgb(path),))
        height, width = image_rgb.shape[:2]
        rows, columns = random_piece((height, width), size_hw, rng)
        piece = image_rgb[rows, columns]
        if piece.shape[0] <= size_hw[0]:
            return piece
        return np.asarray(cv2.resize(piece, size_hw[::-1], interpolation=cv2.INTER_AREA), np.uint8)


def random_piece(
    image_hw: tuple[int, int],
    proportions_hw: tuple[int, int],
    rng: np.random.Generator,
    *,
    share: float = 1.0,
) -> tuple[slice, slice]:
    """Return rows and columns of a piece of given proportions anywhere in a picture.

    Args:
        image_hw: size of the picture.
        proportions_hw: h : w of the piece.
        rng: source of the place.
        share: of the sides of the largest such piece.
    """
    height, width = image_hw
    scale = share * min(height / proportions_hw[0], width / proportions_hw[1])
    piece_h = min(height, max(1, round(proportions_hw[0] * scale)))
    piece_w = min(width, max(1, round(proportions_hw[1] * scale)))
    top = int(rng.integers(height - piece_h + 1))
    left = int(rng.integers(width - piece_w + 1))
    return slice(top, top + piece_h), slice(left, left + piece_w)
