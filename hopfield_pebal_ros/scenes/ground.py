"""The ground: looks the street's texture up pixel by pixel, at the right fineness."""

import cv2
import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.scenes.cross_section import CrossSection
from hopfield_pebal_ros.scenes.light import Light
from hopfield_pebal_ros.scenes.materials import METRES_PER_COLUMN, METRES_PER_ROW
from hopfield_pebal_ros.scenes.road_surface import HALF_WIDTH_M, label_row, surface_texture
from hopfield_pebal_ros.scenes.textures import ByteImage, fractal_noise
from hopfield_pebal_ros.scenes.view import GroundGrid, View

_BANDS_M = (0.0, 7.0, 11.0, 17.0, 26.0, 40.0, 65.0, 110.0, 1e9)
_GRIT_M = 2.0
"""Side of the fine grain that is added near the camera."""


class Ground:
    """The street's texture at several finenesses, and its lookup."""

    def __init__(self, section: CrossSection, rng: np.random.Generator) -> None:
        texture = surface_texture(section, rng)
        self._labels = label_row(section)
        self._length_m = texture.shape[0] * METRES_PER_ROW
        self._levels = _levels(texture)
        self._grit = np.clip(fractal_noise(128, 3, 4) * 13 + 128, 0, 255).astype(np.uint8)

    def albedo(self, grid: GroundGrid) -> ByteImage:
        """(h, W, 3) uint8 RGB before light."""
        image = np.empty((*grid.s.shape, 3), np.uint8)
        middle = grid.depth[:, grid.depth.shape[1] // 2]
        for level, near, far in zip(self._levels, _BANDS_M[:-1], _BANDS_M[1:], strict=True):
            rows = np.flatnonzero((middle >= near) & (middle < far))
            if len(rows):
                part = slice(int(rows[0]), int(rows[-1]) + 1)
                image[part] = self._look_up(level, grid.s[part], grid.u[part])
        self._add_grit(image, grid, middle)
        return image

    def labels(self, grid: GroundGrid) -> npt.NDArray[np.uint8]:
        """(h, W) uint8 class ids."""
        columns = (grid.u + np.float32(HALF_WIDTH_M)) * np.float32(1 / METRES_PER_COLUMN)
        columns = np.clip(columns, 0, self._labels.shape[1] - 1)
        return np.asarray(self._labels[0].take(columns.astype(np.int32)))

    def _look_up(
        self, level: ByteImage, s: npt.NDArray[np.float32], u: npt.NDArray[np.float32]
    ) -> ByteImage:
        rows, columns = level.shape[0] - 2, level.shape[1]
        along = wrapped(s, self._length_m)
        along *= np.float32(rows / self._length_m)
        along += np.float32(0.5)
        across = (u + np.float32(HALF_WIDTH_M)) * np.float32(columns / (2 * HALF_WIDTH_M))
        across -= np.float32(0.5)
        looked = cv2.remap(level, across, along, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(looked, dtype=np.uint8)

    def _add_grit(
        self, image: ByteImage, grid: GroundGrid, middle: npt.NDArray[np.float32]
    ) -> None:
        rows = np.flatnonzero(middle < 14)
        if not len(rows):
            return
        part = slice(int(rows[0]), int(rows[-1]) + 1)
        side = np.float32(self._grit.shape[0] / _GRIT_M)
        x, y = grid.u[part] * side, grid.s[part] * side
        grit = cv2.remap(
            self._grit,
            wrapped(x, 512),
            wrapped(y, 512),
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_WRAP,
        )
        fade = np.clip((14 - middle[part]) / 8, 0, 1)[:, None]
        factor = (128 + (grit.astype(np.float32) - 128) * fade).astype(np.uint8)
        image[part] = cv2.multiply(
            image[part], cv2.cvtColor(factor, cv2.COLOR_GRAY2RGB), scale=1 / 128
        )


def wrapped(values: npt.NDArray[np.float32], period: float) -> npt.NDArray[np.float32]:
    """Bring float32 values into 0..period; much faster than the % of numpy."""
    turns = np.floor(values * np.float32(1 / period))
    turns *= np.float32(-period)
    turns += values
    return np.asarray(turns)


def _levels(texture: ByteImage) -> list[ByteImage]:
    """Averaged copies for each band of distance, with one row of the other end at both ends.

    A pixel covers about z / f across and z^2 / (f h) along, here for f = 900 px, h = 1.4 m.
    """
    levels = []
    current = texture
    for near in _BANDS_M[:-1]:
        across = max(near / 900 / METRES_PER_COLUMN, 1.0)
        along = max(near**2 / (900 * 1.4) / METRES_PER_ROW, 1.0)
        size = max(int(texture.shape[1] / across), 8), max(int(texture.shape[0] / along), 2)
        if size != (current.shape[1], current.shape[0]):
            current = np.asarray(
                cv2.resize(current, size, interpolation=cv2.INTER_AREA), dtype=np.uint8
            )
        levels.append(np.concatenate([current[-1:], current, current[:1]]))
    return levels


def light_ground(
    albedo: ByteImage, grid: GroundGrid, light: Light, *, key_and_open: npt.NDArray[np.uint8]
) -> ByteImage:
    """Apply light and haze to the ground.

    Args:
        albedo: (h, W, 3).
        grid: where the pixels lie.
        light: the scene's.
        key_and_open: (h, W, 2) uint8, share of key light and of sky that reaches the ground.
    """
    key = light.sun_rgb * max(light.sun_direction[2], 0.0)
    if light.is_night:
        key = np.array([1.0, 0.84, 0.62]) * 0.75
    matrix = np.stack([key, light.ambient_rgb], axis=1) * 0.5  # 128 stands for a factor of 1
    factor = cv2.transform(key_and_open, matrix)
    lit = cv2.multiply(albedo, factor, scale=1 / 128)
    if light.wetness:
        lit = _wet(np.asarray(lit, dtype=np.uint8), grid, light)
    return _hazed(np.asarray(lit, dtype=np.uint8), grid, light)


def _hazed(lit: ByteImage, grid: GroundGrid, light: Light) -> ByteImage:
    """Mix the haze in, in place, above the row from which on it is below one percent."""
    clear = grid.depth.max(axis=1) * light.haze_per_m < 0.01
    rows = int(np.argmax(clear)) if clear.any() else len(clear)
    if rows:
        amount = 1 - cv2.exp(np.minimum(grid.depth[:rows], 1e4) * np.float32(-light.haze_per_m))
        haze = np.empty_like(lit[:rows])
        haze[:] = light.horizon_rgb.astype(np.uint8)
        lit[:rows] = cv2.blendLinear(haze, lit[:rows], amount, 1 - amount)
    return lit


def _wet(lit: ByteImage, grid: GroundGrid, light: Light) -> ByteImage:
    """Darken the ground and let it mirror the sky, most where it is seen at a flat angle."""
    noise = fractal_noise(8, 4, 2)
    map_x, map_y = grid.u * np.float32(24), grid.s * np.float32(14)
    pools = cv2.remap(
        noise,
        wrapped(map_x, 512),
        wrapped(map_y, 512),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_WRAP,
    )
    pools = np.clip((pools - np.float32(1.3 - 0.8 * light.wetness)) * 2, 0, 1)
    share = np.float32(light.wetness) * (
        0.06 + 0.26 * grid.depth / (grid.depth + 25) + 0.24 * pools
    )
    mirrored = np.empty_like(lit)
    mirrored[:] = np.clip(0.68 * light.horizon_rgb + 0.1 * light.zenith_rgb, 0, 255)
    dark = cv2.convertScaleAbs(lit, alpha=1 - 0.35 * light.wetness)
    share = np.asarray(share, np.float32)
    return np.asarray(cv2.blendLinear(mirrored, dark, share, 1 - share), dtype=np.uint8)


def headlight_share(view: View, grid: GroundGrid) -> npt.NDArray[np.float32]:
    """Share 0..1 of key light that the ego vehicle's headlights throw on the ground."""
    across = (grid.u - np.float32(view.u_m)) / (np.float32(1.6) + grid.depth * np.float32(0.16))
    along = grid.depth / np.float32(11)
    beam = cv2.exp(-(across * across)) * along * along * cv2.exp(np.float32(2) - 2 * along)
    return np.asarray(np.minimum(beam, 1), dtype=np.float32)
