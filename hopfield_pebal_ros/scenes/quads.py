"""Flat pictures standing in the street: a texture on four corners, in perspective."""

import math
from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.scenes.canvas import Patch
from hopfield_pebal_ros.scenes.textures import ByteImage
from hopfield_pebal_ros.scenes.view import NEAR_M, View

FloatArray = npt.NDArray[np.float64]


def textured_quad(view: View, rgba: ByteImage, corners_suh: FloatArray) -> Patch | None:
    """Draw a premultiplied (h, w, 4) texture on a quadrilateral.

    Args:
        view: the camera.
        rgba: the texture; it is averaged down first where the picture is small.
        corners_suh: (4, 3) road coordinates: upper left, upper right, lower right, lower left.

    Returns:
        None where the quadrilateral is out of view or reaches behind the camera.
    """
    pixels, depth = view.project(corners_suh)
    if depth.min() < 0.5 * NEAR_M:
        return None
    image_height, image_width = view.camera.image_hw
    low = np.maximum(np.floor(pixels.min(axis=0)) - 1, (0, 0)).astype(int)
    high = np.minimum(np.ceil(pixels.max(axis=0)) + 2, (image_width, image_height)).astype(int)
    width, height = high - low
    if width < 1 or height < 1:
        return None
    small = shrink_to(rgba, pixels)
    rows, columns = small.shape[:2]
    source = np.array([[0, 0], [columns, 0], [columns, rows], [0, rows]], np.float32) - np.float32(
        0.5
    )
    target = (pixels - low).astype(np.float32)
    matrix = cv2.getPerspectiveTransform(source, target)
    warped = cv2.warpPerspective(small, matrix, (int(width), int(height)), flags=cv2.INTER_LINEAR)
    return Patch(np.asarray(warped, dtype=np.uint8), int(low[0]), int(low[1]))


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture (h, w, channels) uint8 that is drawn again and again, at many sizes."""

    pixels: ByteImage
    _copies: dict[tuple[int, int], ByteImage] = field(default_factory=dict)

    def at_least(self, width: float, height: float) -> ByteImage:
        """The smallest copy, halved so and so often in each direction, that is not smaller."""
        rows, columns = self.pixels.shape[:2]
        return self._copy(_halvings(rows / max(height, 1)), _halvings(columns / max(width, 1)))

    def _copy(self, down: int, across: int) -> ByteImage:
        if down == across == 0:
            return self.pixels
        if (down, across) not in self._copies:
            larger = self._copy(down - 1, across) if down else self._copy(0, across - 1)
            rows, columns = larger.shape[:2]
            size = (columns, max(rows // 2, 1)) if down else (max(columns // 2, 1), rows)
            small = cv2.resize(larger, size, interpolation=cv2.INTER_AREA)
            self._copies[down, across] = np.asarray(small, dtype=np.uint8)
        return self._copies[down, across]


def _halvings(ratio: float) -> int:
    return int(math.log2(ratio)) if ratio > 1 else 0


def shrink_to(rgba: ByteImage, pixels: FloatArray) -> ByteImage:
    """Average a texture down to about the size (4, 2) corners give it on the picture."""
    edges = np.linalg.norm(pixels - np.roll(pixels, -1, axis=0), axis=1)
    rows, columns = rgba.shape[:2]
    width = int(np.clip(np.ceil(max(edges[0], edges[2])), 1, columns))
    height = int(np.clip(np.ceil(max(edges[1], edges[3])), 1, rows))
    if width > 0.45 * columns and height > 0.45 * rows:  # bilinear lookup averages enough
        return rgba
    return np.asarray(
        cv2.resize(rgba, (width, height), interpolation=cv2.INTER_AREA), dtype=np.uint8
    )


def upright(
    view: View, picture: Picture, *, foot_suh: FloatArray, width_m: float, height_m: float
) -> Patch | None:
    """Draw a premultiplied picture that always faces the camera, standing on `foot_suh` (3,)."""
    foot, depth = view.project(foot_suh[None, :])
    if depth[0] < NEAR_M:
        return None
    scale = view.camera.focal_px / depth[0]
    width, height = width_m * scale, height_m * scale
    if max(width, height) > 4 * view.camera.image_hw[1]:
        return None
    x0, y0 = foot[0, 0] - width / 2, foot[0, 1] - height
    image_height, image_width = view.camera.image_hw
    left, top = max(int(np.floor(x0)), 0), max(int(np.floor(y0)), 0)
    right = min(int(np.ceil(x0 + width)) + 1, image_width)
    bottom = min(int(np.ceil(y0 + height)) + 1, image_height)
    if right <= left or bottom <= top or height < 1:
        return None
    small = picture.at_least(width, height)
    scale_x, scale_y = width / small.shape[1], height / small.shape[0]
    shift = x0 - left + 0.5 * scale_x, y0 - top + 0.5 * scale_y
    matrix = np.array([[scale_x, 0, shift[0]], [0, scale_y, shift[1]]])
    warped = cv2.warpAffine(small, matrix, (right - left, bottom - top), flags=cv2.INTER_LINEAR)
    return Patch(np.asarray(warped, dtype=np.uint8), left, top)


def with_alpha(image_rgb: ByteImage, alpha: npt.NDArray[np.floating]) -> ByteImage:
    """Premultiply (h, w, 3) by alpha (h, w) 0..1 and append it."""
    cover = np.round(alpha * 255).astype(np.uint8)
    color = np.ascontiguousarray(image_rgb)
    shown = cv2.multiply(color, cv2.cvtColor(cover, cv2.COLOR_GRAY2RGB), scale=1 / 255)
    return np.dstack([np.asarray(shown, dtype=np.uint8), cover])
