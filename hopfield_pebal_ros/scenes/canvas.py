"""The picture, the label map and the instance map, painted together back to front."""

import math
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.scenes.textures import ByteImage, FloatImage

FloatArray = npt.NDArray[np.float64]

SOLID_ALPHA = 127
"""A pixel belongs to the object in front where the object's alpha is above this."""


@dataclass(frozen=True)
class Patch:
    """A small picture with soft edges, at its place in the large one.

    Attributes:
        rgba: (h, w, 4) uint8; colours are already multiplied by alpha.
        x0, y0: pixel of its upper left corner; it may hang over the border.
    """

    rgba: ByteImage
    x0: int
    y0: int


@dataclass(frozen=True)
class PixelBox:
    """An upright rectangle of pixels; it may hang over the border of the picture."""

    x0: int
    y0: int
    width: int
    height: int

    @classmethod
    def around(cls, low: FloatArray, high: FloatArray) -> 'PixelBox':
        """The box with a pixel to spare around x, y from `low` to `high`, (2,) each."""
        limit = 100_000  # far outside of any picture, within 32 bits
        (left, top), (right, bottom) = low.tolist(), high.tolist()
        x0, y0 = math.floor(max(left, -limit)) - 1, math.floor(max(top, -limit)) - 1
        x1, y1 = math.ceil(min(right, limit)) + 2, math.ceil(min(bottom, limit)) + 2
        return cls(x0, y0, max(x1 - x0, 0), max(y1 - y0, 0))

    def within(self, image_hw: tuple[int, ...]) -> 'PixelBox | None':
        """The part inside the picture, None where there is none."""
        left, top = max(self.x0, 0), max(self.y0, 0)
        right = min(self.x0 + self.width, image_hw[1])
        bottom = min(self.y0 + self.height, image_hw[0])
        if left >= right or top >= bottom:
            return None
        return PixelBox(left, top, right - left, bottom - top)


@dataclass(frozen=True)
class Layer:
    """A patch and what it shows; `slot` tells one object's instances apart (bicycle, rider)."""

    patch: Patch
    label_id: int
    slot: int = 0


class Canvas:
    """Three planes of one frame; every object changes all of them at once."""

    def __init__(self, image_hw: tuple[int, int], label_id: int) -> None:
        self._rgba = np.zeros((*image_hw, 4), np.uint8)  # four channels blend fastest
        self.label_map = np.full(image_hw, label_id, np.uint8)
        self.instance_map = np.zeros(image_hw, np.uint16)

    def image_rgb(self) -> ByteImage:
        """A copy of the colours: (H, W, 3)."""
        return np.asarray(cv2.cvtColor(self._rgba, cv2.COLOR_RGBA2RGB), dtype=np.uint8)

    def lay_sky(self, image_rgb: ByteImage) -> None:
        """Fill the upper rows (h, W, 3) with sky; labels stay as they were made."""
        self._rgba[: len(image_rgb)] = cv2.cvtColor(image_rgb, cv2.COLOR_RGB2RGBA)

    def lay_ground(
        self, image_rgb: ByteImage, label_map: ByteImage, is_ground: npt.NDArray[np.bool_]
    ) -> None:
        """Fill the lower rows (h, W) where `is_ground`; its lower part must be all ground."""
        first = len(self.label_map) - len(label_map)
        gaps = np.flatnonzero(~np.all(is_ground, axis=1))
        num_ragged = int(gaps[-1]) + 1 if len(gaps) else 0
        rgba = cv2.cvtColor(image_rgb, cv2.COLOR_RGB2RGBA)
        for plane, new in ((self._rgba, rgba), (self.label_map, label_map)):
            plane[first + num_ragged :] = new[num_ragged:]
            rows, where = slice(first, first + num_ragged), is_ground[:num_ragged]
            np.copyto(
                plane[rows],
                new[:num_ragged],
                where=np.expand_dims(where, 2) if new.ndim == 3 else where,
            )

    def paint(self, patch: Patch, label_id: int, instance_id: int = 0) -> None:
        """Lay a patch over the picture; labels follow where it covers more than half a pixel."""
        cut = clip_to(patch, self.label_map.shape)
        if cut is None:
            return
        rows, columns = _slices(cut)
        over(self._rgba[rows, columns], cut.rgba)
        solid = cut.rgba[..., 3] > SOLID_ALPHA
        np.copyto(self.label_map[rows, columns], np.uint8(label_id), where=solid)
        np.copyto(self.instance_map[rows, columns], np.uint16(instance_id), where=solid)

    def tint(self, patch: Patch) -> None:
        """Lay a patch over the colours alone: reflections, dirt."""
        cut = clip_to(patch, self.label_map.shape)
        if cut is not None:
            rows, columns = _slices(cut)
            over(self._rgba[rows, columns], cut.rgba)

    def shine(self, center_xy: FloatArray, radius_px: float, color_rgb: FloatArray) -> None:
        """Add a round glow to the colours."""
        radius = int(min(radius_px, 200)) + 1
        axis = np.arange(-radius, radius + 1) / radius
        fall = np.clip(1 - np.hypot(axis[None, :], axis[:, None]), 0, 1) ** 3
        glow = np.zeros((*fall.shape, 4), np.uint8)
        glow[..., :3] = np.clip(fall[..., None] * color_rgb, 0, 255)
        x, y = np.round(center_xy).astype(int).tolist()
        cut = clip_to(Patch(glow, x - radius, y - radius), self.label_map.shape)
        if cut is not None:
            rows, columns = _slices(cut)
            region = self._rgba[rows, columns]
            region[:] = cv2.add(region, cut.rgba)


def over(below: ByteImage, rgba: ByteImage) -> None:
    """Lay premultiplied (h, w, 4) over (h, w, 4) uint8, in place."""
    keep = cv2.cvtColor(255 - rgba[..., 3], cv2.COLOR_GRAY2RGBA)
    below[:] = cv2.add(cv2.multiply(below, keep, scale=1 / 255), rgba)


def clip_to(patch: Patch, image_hw: tuple[int, ...]) -> Patch | None:
    """Cut off what hangs over the border; None where nothing is left."""
    height, width = patch.rgba.shape[:2]
    part = PixelBox(patch.x0, patch.y0, width, height).within(image_hw)
    if part is None:
        return None
    top, left = part.y0 - patch.y0, part.x0 - patch.x0
    rgba = patch.rgba[top : top + part.height, left : left + part.width]
    return Patch(rgba, part.x0, part.y0)


def dressed(patch: Patch, texture: FloatImage, box: PixelBox) -> Patch:
    """Multiply a patch by colour factors (h, w, 3) that are stretched over `box`, its whole."""
    rows, columns = texture.shape[:2]
    scale_x, scale_y = box.width / columns, box.height / rows
    height, width = patch.rgba.shape[:2]
    if scale_x < 1 and (width, height) == (box.width, box.height):
        large = cv2.resize(texture, (width, height), interpolation=cv2.INTER_AREA)
    else:
        shift = box.x0 - patch.x0 + 0.5 * scale_x, box.y0 - patch.y0 + 0.5 * scale_y
        matrix = np.array([[scale_x, 0, shift[0]], [0, scale_y, shift[1]]])
        mode = cv2.BORDER_REPLICATE
        large = cv2.warpAffine(
            texture, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=mode
        )
    rgba = patch.rgba.copy()
    colored = cv2.multiply(np.ascontiguousarray(rgba[..., :3]), large, dtype=cv2.CV_8U)
    rgba[..., :3] = np.minimum(colored, rgba[..., 3:])
    return Patch(rgba, patch.x0, patch.y0)


def relit(
    patch: Patch, factor_rgb: FloatArray, *, haze: float = 0.0, haze_rgb: FloatArray | None = None
) -> Patch:
    """Multiply a patch's colours by (3,) and mix `haze` 0..1 of the haze colour in."""
    matrix = np.diag([*(factor_rgb * (1 - haze)), 1.0])
    if haze_rgb is not None:
        matrix[:3, 3] = haze_rgb / 255 * haze
    lit = np.asarray(cv2.transform(patch.rgba, matrix), dtype=np.uint8)
    return Patch(lit, patch.x0, patch.y0)


def in_haze(patch: Patch, amount: float, haze_rgb: FloatArray) -> Patch:
    """Mix `amount` 0..1 of the haze colour into a patch."""
    if amount < 0.004:
        return patch
    return relit(patch, np.ones(3), haze=amount, haze_rgb=haze_rgb)


def _slices(patch: Patch) -> tuple[slice, slice]:
    height, width = patch.rgba.shape[:2]
    return slice(patch.y0, patch.y0 + height), slice(patch.x0, patch.x0 + width)
