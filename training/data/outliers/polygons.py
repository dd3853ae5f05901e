"""Fill polygons given in fractions of pixels."""

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

_FRACTION_BITS: Final = 4  # vertices count in sixteenths of a pixel


def draw_polygons(
    polygons: Sequence[npt.NDArray[np.float64]], image_hw: tuple[int, int]
) -> npt.NDArray[np.uint8]:
    """Return the union of polygons.

    Args:
        polygons: each (n, 2) points x, y in pixels; (0, 0) is the corner of the first pixel.
        image_hw: size of the result.

    Returns:
        (H, W) uint8, 255 where a polygon covers a pixel, else 0.
    """
    cover = np.zeros(image_hw, np.uint8)
    for points in polygons:
        # cv2 counts from the centre of the first pixel
        fixed = np.rint((points - 0.5) * 2**_FRACTION_BITS).astype(np.int32)
        # its antialiased lines reach a pixel and a half beyond the polygon
        cv2.fillPoly(cover, [fixed], 255, lineType=cv2.LINE_8, shift=_FRACTION_BITS)
    return cover
