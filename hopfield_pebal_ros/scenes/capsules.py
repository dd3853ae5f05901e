"""Round limbs: tapered capsules shaded pixel by pixel; people and animals are made of them."""

import math
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.scenes.canvas import Patch, PixelBox, dressed, in_haze
from hopfield_pebal_ros.scenes.light import LocalLight
from hopfield_pebal_ros.scenes.meshes import Pose
from hopfield_pebal_ros.scenes.textures import ByteImage, FloatImage
from hopfield_pebal_ros.scenes.view import View

FloatArray = npt.NDArray[np.float64]


_SMALLEST_PX = 2.5
"""A limb that looks smaller than this is left out."""

_THIN_PX = 5.0
"""Figures with no limb of a larger radius are drawn with lines."""


@dataclass(frozen=True)
class Capsules:
    """Tapered limbs in object axes (forward, right, up).

    Attributes:
        ends: (N, 2, 3) [m].
        radii: (N, 2) [m] at both ends.
        colors: (N, 3) albedo 0..255.
    """

    ends: FloatArray
    radii: FloatArray
    colors: FloatArray

    def __add__(self, other: 'Capsules') -> 'Capsules':
        return Capsules(
            np.concatenate([self.ends, other.ends]),
            np.concatenate([self.radii, other.radii]),
            np.concatenate([self.colors, other.colors]),
        )


Row = tuple[npt.ArrayLike, npt.ArrayLike, float, float, npt.ArrayLike]
Rows = list[Row]


def beside(point: npt.ArrayLike, forward: float, right: float, up: float) -> FloatArray:
    """A point (3,) moved in object axes [m]."""
    return np.asarray(np.add(point, (forward, right, up)), dtype=np.float64)


def capsules(rows: Rows) -> Capsules:
    """Build from rows of start (3,), end (3,), start radius, end radius [m], colour (3,)."""
    ends = np.array([[start, end] for start, end, _, _, _ in rows], dtype=np.float64)
    radii = np.array([[first, second] for _, _, first, second, _ in rows], dtype=np.float64)
    colors = np.array([color for *_, color in rows], dtype=np.float64)
    return Capsules(ends, radii, colors)


def draw_capsules(
    view: View,
    limbs: Capsules,
    pose: Pose,
    *,
    light: LocalLight,
    texture: FloatImage | None = None,
) -> Patch | None:
    """Draw limbs back to front into one patch.

    Args:
        view: the camera.
        limbs: what to draw.
        pose: where it stands.
        light: on it.
        texture: (h, w, 3) colour factor stretched over the whole figure.
    """
    road = pose.to_road(limbs.ends.reshape(-1, 3))
    pixels, depth = view.project(road)
    if depth.min() < 0.4:
        return None
    pixels, depth = pixels.reshape(-1, 2, 2), depth.reshape(-1, 2)
    radii = np.maximum(limbs.radii * view.camera.focal_px / depth, 0.35)
    reach = radii.max(axis=1)[:, None]
    low, high = (pixels.min(axis=1) - reach).min(axis=0), (pixels.max(axis=1) + reach).max(axis=0)
    box = PixelBox.around(low, high)
    part = box.within(view.camera.image_hw)
    if part is None:
        return None
    axes = _view_axes(view, road.mean(axis=0))
    reach_px = np.abs(np.diff(pixels, axis=1)).max(axis=(1, 2)) + 2 * reach[:, 0]
    order = np.argsort(-depth.mean(axis=1))
    order = order[reach_px[order] > _SMALLEST_PX]
    seen = _Seen(pixels[order] - (part.x0, part.y0), radii[order], limbs.colors[order])
    draw = _drawn_thin if reach.max() < _THIN_PX else _drawn_round
    patch = Patch(
        draw(seen, (part.height, part.width), _Shading.of(light, axes)), part.x0, part.y0
    )
    if texture is not None:
        patch = dressed(patch, texture, box)
    return in_haze(patch, light.haze, light.scene.horizon_rgb)


@dataclass(frozen=True)
class _Seen:
    """Limbs on the picture, furthest first: ends (N, 2, 2) and radii (N, 2) in px of the patch."""

    ends: FloatArray
    radii: FloatArray
    colors: FloatArray


@dataclass(frozen=True)
class _Shading:
    """Light as the picture sees it: components along its right, down and towards the eye."""

    ambient_rgb: FloatArray
    key_rgb: FloatArray
    facing: FloatArray
    upward: FloatArray

    @classmethod
    def of(cls, light: LocalLight, axes: FloatArray) -> '_Shading':
        return cls(light.ambient_rgb, light.key_rgb, axes @ light.key_direction, axes[:, 2])


def _drawn_round(seen: _Seen, size_hw: tuple[int, int], shading: _Shading) -> ByteImage:
    """Shade pixel by pixel; (h, w, 4) uint8 premultiplied."""
    sheet = np.zeros((*size_hw, 4), np.float32)
    for ends, radii, color in zip(seen.ends, seen.radii, seen.colors, strict=True):
        _add_limb(
            sheet,
            ends,
            radii,
            tones=(shading.ambient_rgb * color, shading.key_rgb * color),
            shading=shading,
        )
    np.minimum(sheet[..., :3], sheet[..., 3:], out=sheet[..., :3])
    return np.round(sheet).astype(np.uint8)


def _drawn_thin(seen: _Seen, size_hw: tuple[int, int], shading: _Shading) -> ByteImage:
    """Far figures: each limb a dark and a bright thick line, drawn four times as large."""
    finer = 4
    sheet = np.zeros((size_hw[0] * finer, size_hw[1] * finer, 4), np.uint8)
    toward = max(float(shading.facing[2]), 0.0)
    ambient, key = shading.ambient_rgb, shading.key_rgb
    dark = seen.colors * (0.6 * ambient + 0.3 * toward * key)
    bright = seen.colors * (0.85 * ambient + (0.25 + 0.6 * toward) * key)
    widths = np.maximum(np.round(2 * finer * seen.radii.mean(axis=1)), 1)
    # the lit half is a thinner line, moved towards the light
    shift = (
        0.25 * widths[:, None, None] / finer * np.sign(shading.facing[0]) * np.array([1.0, 0.0])
    )
    lines = np.stack([seen.ends, seen.ends + shift], axis=1).reshape(-1, 2, 2)
    points = np.round(((lines + 0.5) * finer - 0.5) * 16).astype(np.int32)
    colors = np.clip(np.stack([dark, bright], axis=1).reshape(-1, 3), 0, 255)
    widths = np.stack([widths, np.maximum(np.floor(widths / 2), 1)], axis=1).reshape(-1)
    for (start, end), width, (red, green, blue) in zip(
        points.tolist(), widths.astype(int).tolist(), colors.tolist(), strict=True
    ):
        cv2.line(sheet, start, end, (red, green, blue, 255), width, cv2.LINE_8, 4)
    small = cv2.resize(sheet, (size_hw[1], size_hw[0]), interpolation=cv2.INTER_AREA)
    return np.asarray(small, dtype=np.uint8)


def _view_axes(view: View, center: FloatArray) -> FloatArray:
    """Rows: the picture's right, down and towards-the-eye directions in road axes."""
    s, u, h = (center - (view.s_m, view.u_m, view.camera.height_m)).tolist()
    level, length = math.hypot(s, u), math.sqrt(s * s + u * u + h * h)
    return np.array(
        [[-u / level, s / level, 0.0], [0.0, 0.0, -1.0], [-s / length, -u / length, -h / length]]
    )


def _add_limb(
    sheet: npt.NDArray[np.float32],
    ends: FloatArray,
    radii: FloatArray,
    *,
    tones: tuple[FloatArray, FloatArray],
    shading: _Shading,
) -> None:
    """Lay one limb over the premultiplied (h, w, 4) `sheet`; `ends` (2, 2), `radii` (2,) [px].

    `tones` are its colours (3,) in ambient light alone and in key light alone.
    """
    reach = radii.max() + 1
    x0, y0 = np.maximum(np.floor(ends.min(axis=0) - reach), 0).astype(int)
    x1, y1 = np.ceil(ends.max(axis=0) + reach).astype(int) + 1
    region = sheet[y0 : max(y1, 0), x0 : max(x1, 0)]
    if not region.size:
        return
    x = np.arange(x0, x0 + region.shape[1], dtype=np.float32) - np.float32(ends[0, 0])
    y = np.arange(y0, y0 + region.shape[0], dtype=np.float32)[:, None] - np.float32(ends[0, 1])
    along_x, along_y = (ends[1] - ends[0]).astype(np.float32)
    scale = np.float32(1 / max(along_x * along_x + along_y * along_y, 1e-6))
    share = x * (along_x * scale) + y * (along_y * scale)
    np.minimum(np.maximum(share, 0, out=share), 1, out=share)
    off_x, off_y = x - share * along_x, y - share * along_y
    radius = np.float32(radii[0]) + share * np.float32(radii[1] - radii[0])
    distance = np.sqrt(off_x * off_x + off_y * off_y)
    cover = np.minimum(np.maximum(radius - distance + np.float32(0.5), 0), 1)
    inside = np.minimum(distance / radius, 1)
    toward = np.sqrt(1 - inside * inside)
    across = inside / np.maximum(distance, np.float32(1e-6))
    off_x *= across
    off_y *= across
    facing, upward = shading.facing.astype(np.float32), shading.upward.astype(np.float32)
    key = np.maximum(off_x * facing[0] + off_y * facing[1] + toward * facing[2], 0)
    sky = off_x * upward[0] + off_y * upward[1] + toward * upward[2]
    tone = np.empty_like(region)
    tone[..., :3] = (np.float32(0.7) + np.float32(0.3) * sky)[..., None] * tones[0].astype(
        np.float32
    )
    tone[..., :3] += key[..., None] * tones[1].astype(np.float32)
    tone[..., 3] = 255
    region += cover[..., None] * (tone - region)
