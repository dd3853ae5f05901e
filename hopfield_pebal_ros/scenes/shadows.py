"""Light on the ground seen from above: cast shadows, contact shadows, lamp pools."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.scenes.light import Light
from hopfield_pebal_ros.scenes.view import GroundGrid, View

FloatArray = npt.NDArray[np.float64]

_ROW_M, _COLUMN_M = 0.1, 0.07
_LENGTH_M, _HALF_WIDTH_M = 90.0, 14.0
_BEHIND_M, _DAPPLED_M = 25.0, 60.0


@dataclass(frozen=True)
class Caster:
    """Something that stands in the light: outline (K, 2) of its foot as s, u, and height [m].

    Attributes:
        contact: darkness right under it, 0..1.
        lifted_m: height at which it begins (tree crowns).
        is_leafy: lets spots of light through.
    """

    outline: FloatArray
    height_m: float
    contact: float = 0.6
    lifted_m: float = 0.0
    is_leafy: bool = False


class ShadowMap:
    """Two planes over the street ahead: share of the key light, share of the open sky."""

    def __init__(self, view: View, light: Light) -> None:
        self._origin = np.array([view.s_m, -_HALF_WIDTH_M])
        self._light = light
        shape = int(_LENGTH_M / _ROW_M), int(2 * _HALF_WIDTH_M / _COLUMN_M)
        self._key = np.full(shape, 0 if light.is_night else 255, np.uint8)
        self._open = np.full(shape, 255, np.uint8)
        self._has_sun = not light.is_night and float(np.max(light.sun_rgb)) > 0.15

    def cast(self, caster: Caster) -> None:
        """Darken what lies in the shadow of one object, and under it."""
        ahead = caster.outline[:, 0] - self._origin[0]
        if ahead.max() < -_BEHIND_M or ahead.min() > _LENGTH_M:
            return
        if caster.contact and not caster.lifted_m:
            self._fill(self._open, caster.outline, int(255 * (1 - caster.contact)))
        if not self._has_sun:
            return
        sun = self._light.sun_direction
        reach = -sun[:2] / max(sun[2], 0.05)
        low = caster.outline + reach * caster.lifted_m
        high = caster.outline + reach * caster.height_m
        if caster.is_leafy:
            if ahead.min() < _DAPPLED_M:
                self._dapple(low, high)
            return
        hull = cv2.convexHull(np.concatenate([low, high]).astype(np.float32))
        self._fill(self._key, hull[:, 0].astype(np.float64), 0)

    def lamp(self, s_m: float, u_m: float, *, radius_m: float) -> None:
        """Add the pool of light of one street lamp."""
        row, column = self._texels(np.array([[s_m, u_m]]))[0]
        reach_rows, reach_columns = int(2 * radius_m / _ROW_M), int(2 * radius_m / _COLUMN_M)
        y = np.arange(row - reach_rows, row + reach_rows)
        x = np.arange(column - reach_columns, column + reach_columns)
        y, x = y[(y >= 0) & (y < self._key.shape[0])], x[(x >= 0) & (x < self._key.shape[1])]
        if not len(x) or not len(y):
            return
        along = np.exp(-(((y - row) * _ROW_M / radius_m) ** 2))
        across = np.exp(-(((x - column) * _COLUMN_M / radius_m) ** 2))
        region = self._key[y[0] : y[-1] + 1, x[0] : x[-1] + 1]
        region[:] = np.maximum(region, np.outer(along, across) * 150)

    def key_share(self, s_m: float, u_m: float) -> float:
        """Share 0..1 of the key light at a place, of what was cast so far."""
        row, column = self._texels(np.array([[s_m, u_m]]))[0]
        row = int(np.clip(row, 0, self._key.shape[0] - 1))
        column = int(np.clip(column, 0, self._key.shape[1] - 1))
        return float(self._key[row, column]) / 255

    def look_up(self, grid: GroundGrid) -> npt.NDArray[np.uint8]:
        """(h, W, 2) uint8 for every ground pixel; soft edges."""
        key = cv2.blur(self._key, (3, 3)) if self._has_sun else self._key
        openness = cv2.blur(cv2.blur(self._open, (5, 5)), (5, 5))
        both = cv2.merge([key, openness])
        # every second pixel is enough for soft edges; the odd last ones are extrapolated
        rows = (grid.s[::2, ::2] - np.float32(self._origin[0])) * np.float32(1 / _ROW_M)
        columns = (grid.u[::2, ::2] - np.float32(self._origin[1])) * np.float32(1 / _COLUMN_M)
        looked = cv2.remap(both, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        height, width = grid.s.shape
        matrix = np.array([[2.0, 0, 0], [0, 2.0, 0]])
        mode = cv2.BORDER_REPLICATE
        full = cv2.warpAffine(
            looked, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=mode
        )
        return np.asarray(full, dtype=np.uint8)

    def _texels(self, points: FloatArray) -> npt.NDArray[np.int32]:
        return np.asarray(np.round((points - self._origin) / (_ROW_M, _COLUMN_M)), dtype=np.int32)

    def _fill(self, plane: npt.NDArray[np.uint8], outline: FloatArray, value: int) -> None:
        texels = (outline - self._origin) / (_ROW_M, _COLUMN_M)
        fixed = np.round(np.clip(texels[:, ::-1], -3000, 6000) * 16).astype(np.int32)
        cv2.fillConvexPoly(plane, fixed, value, cv2.LINE_8, 4)

    def _dapple(self, low: FloatArray, high: FloatArray) -> None:
        """Blots of shade between the crown's lower and upper shadow, the same for a tree."""
        center = (low.mean(axis=0) + high.mean(axis=0)) / 2
        spread = np.abs(np.concatenate([low, high]) - center).max(axis=0)
        rng = np.random.default_rng(abs(int(center[0] * 100)) + 1)
        places = center + rng.normal(0, 0.45, (26, 2)) * spread
        sizes = rng.uniform(0.2, 0.7, 26)
        for (row, column), size in zip(self._texels(places), sizes, strict=True):
            axes = max(int(size / _COLUMN_M), 1), max(int(size * 0.9 / _ROW_M), 1)
            cv2.ellipse(self._key, (int(column), int(row)), axes, 0, 0, 360, 30, -1)
