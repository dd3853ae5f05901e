"""What lies flat on the road and belongs to it: manholes, crossings, arrows, stains."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.scenes.quads import Picture, with_alpha
from hopfield_pebal_ros.scenes.textures import (
    ByteImage,
    fractal_noise,
    random_offset,
    window,
)
from hopfield_pebal_ros.scenes.view import GroundGrid, View

_PAINT_RGB = (222, 222, 216)


@dataclass(frozen=True)
class Decal:
    """A picture on the ground: its far edge is the picture's upper edge, its left the left."""

    picture: Picture
    near_s: float
    left_u: float
    length_m: float
    width_m: float

    def paint(self, albedo_rgb: ByteImage, grid: GroundGrid, view: View) -> None:
        """Lay the picture over the ground's colours (h, W, 3), in place."""
        ahead = self.near_s - view.s_m
        if ahead + self.length_m < 2 or ahead > 70:
            return
        reach = self.length_m + self.width_m
        if not view.may_show(self.near_s, self.left_u + self.width_m / 2, reach):
            return
        region = self._region(grid)
        if region is None:
            return
        s, u = grid.s[region], grid.u[region]
        scale = view.px_per_m(self.near_s)
        small = self.picture.at_least(scale * self.width_m, 0.35 * scale * self.length_m)
        rows, columns = small.shape[:2]
        across = (u - np.float32(self.left_u)) * np.float32(columns / self.width_m) - np.float32(
            0.5
        )
        along = np.float32(self.near_s + self.length_m) - s
        along = along * np.float32(rows / self.length_m) - np.float32(0.5)
        looked = cv2.remap(small, across, along, cv2.INTER_LINEAR)
        part = albedo_rgb[region]
        keep = cv2.cvtColor(255 - looked[..., 3], cv2.COLOR_GRAY2RGB)
        below = cv2.multiply(part, keep, scale=1 / 255)
        part[:] = cv2.add(below, cv2.cvtColor(looked, cv2.COLOR_RGBA2RGB))

    def _region(self, grid: GroundGrid) -> tuple[slice, slice] | None:
        """Rows and columns that hold the decal, found on every eighth pixel."""
        s, u = grid.s[::2, ::16], grid.u[::2, ::16]
        inside = (s > self.near_s - 0.5) & (s < self.near_s + self.length_m + 3)
        inside &= (u > self.left_u - 1) & (u < self.left_u + self.width_m + 1)
        inside &= grid.is_ground[::2, ::16]
        rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
        if not len(rows):
            return None
        first, last = max(2 * rows[0] - 2, 0), 2 * rows[-1] + 3
        left, right = max(16 * columns[0] - 16, 0), 16 * columns[-1] + 17
        return slice(int(first), int(last)), slice(int(left), int(right))


def manhole(rng: np.random.Generator) -> ByteImage:
    """Round iron cover with a pattern: (96, 96, 4)."""
    size = 96
    y, x = np.mgrid[:size, :size] / (size / 2) - 1 + 1 / size
    radius = np.hypot(x, y)
    count = int(rng.integers(4, 9))
    ribs = 1 + 0.25 * np.sign(np.sin(np.pi * count * x) * np.sin(np.pi * count * y))
    ring = np.where(np.abs(radius - 0.9) < 0.05, 0.5, 1.0)
    tone = rng.uniform(48, 92) * ribs * ring
    color = np.repeat(np.clip(tone, 0, 255)[..., None], 3, axis=2)
    alpha = np.clip((0.98 - radius) * 30, 0, 1)
    return with_alpha(color.astype(np.uint8), alpha.astype(np.float32))


def gully(rng: np.random.Generator) -> ByteImage:
    """Square drain with slots: (64, 64, 4)."""
    color = np.full((64, 64, 3), int(rng.uniform(60, 100)), np.uint8)
    color[8:56:8] = color[9:57:8] = color[10:58:8] = color[11:59:8] = 16
    color[:, :6] = color[:, -6:] = 70
    return with_alpha(color, np.ones((64, 64), np.float32))


def crossing(rng: np.random.Generator, num_bars: int) -> ByteImage:
    """Zebra bars along the road: (64, 32 * bars, 4), worn."""
    return _worn_paint(
        rng, np.tile(np.repeat([1.0, 0.0], 16), num_bars)[None, :] * np.ones((64, 1))
    )


def stop_line(rng: np.random.Generator) -> ByteImage:
    return _worn_paint(rng, np.ones((32, 256)))


def arrow(rng: np.random.Generator) -> ByteImage:
    """Lane arrow, straight on or turning: (256, 64, 4)."""
    sheet = np.zeros((256, 64), np.uint8)
    cv2.rectangle(sheet, (28, 90), (36, 255), 255, -1)
    cv2.fillConvexPoly(sheet, np.array([[32, 0], [14, 95], [50, 95]], np.int32), 255)
    if rng.random() < 0.4:
        side = int(rng.choice([-1, 1]))
        cv2.line(sheet, (32, 180), (32 + side * 18, 140), 255, 8)
        cv2.fillConvexPoly(
            sheet,
            np.array(
                [[32 + side * 31, 118], [32 + side * 8, 128], [32 + side * 28, 178]], np.int32
            ),
            255,
        )
    return _worn_paint(rng, sheet / 255)


def stain(rng: np.random.Generator) -> ByteImage:
    """Oil, damp or tyre black: (128, 128, 4)."""
    y, x = np.mgrid[:128, :128] / 64 - 1
    noise = window(fractal_noise(8, 5, int(rng.integers(4))), (128, 128), random_offset(rng))
    alpha = np.clip(0.9 - np.hypot(x, y) + 0.3 * noise, 0, 1) * rng.uniform(0.2, 0.6)
    alpha *= np.clip((1 - np.maximum(abs(x), abs(y))) * 6, 0, 1)
    color = np.full((128, 128, 3), int(rng.uniform(18, 40)), np.uint8)
    return with_alpha(color, alpha.astype(np.float32))


def fallen_leaves(rng: np.random.Generator) -> ByteImage:
    """Scattered leaves and dust: (192, 192, 4)."""
    y, x = np.mgrid[:192, :192] / 96 - 1
    specks = rng.random((192, 192)) < 0.1 * np.clip(1 - np.hypot(x, y), 0, 1)
    alpha = cv2.GaussianBlur(specks.astype(np.float32), (0, 0), 0.9) * np.float32(2.2)
    tones = np.array([[150, 108, 50], [120, 84, 44], [166, 138, 70]])[
        rng.integers(0, 3, (192, 192))
    ]
    return with_alpha(tones.astype(np.uint8), np.clip(alpha, 0, 1))


def _worn_paint(rng: np.random.Generator, shape: npt.NDArray[np.float64]) -> ByteImage:
    height, width = shape.shape
    noise = window(fractal_noise(32, 5, int(rng.integers(4))), (height, width), random_offset(rng))
    alpha = shape * np.clip(1.1 - rng.uniform(0, 0.6) + 0.35 * noise, 0, 1)
    color = np.empty((height, width, 3), np.uint8)
    color[:] = _PAINT_RGB
    return with_alpha(color, alpha.astype(np.float32))
