"""What closes the view far down the street: distant houses, woods and hills."""

from dataclasses import dataclass

import cv2
import numpy as np

from hopfield_pebal_ros.scenes.buildings import BUILDING_ID
from hopfield_pebal_ros.scenes.canvas import Canvas, Patch, relit
from hopfield_pebal_ros.scenes.items import VEGETATION_ID
from hopfield_pebal_ros.scenes.light import Light
from hopfield_pebal_ros.scenes.quads import Picture, textured_quad, with_alpha
from hopfield_pebal_ros.scenes.textures import ByteImage, fractal_noise, random_offset, window
from hopfield_pebal_ros.scenes.vegetation import leaf_color
from hopfield_pebal_ros.scenes.view import FAR_M, View

_HALF_WIDTH_M, _LOW_M, _HIGH_M = 320.0, -4.0, 42.0
_SIZE_HW = (138, 1280)


class Backdrop:
    """Two wide pictures that stay at the end of the road."""

    def __init__(self, style: str, light: Light, rng: np.random.Generator) -> None:
        is_town = style in ('city', 'avenue', 'works')
        houses = _skyline(rng, 0.8 if is_town else 0.15)
        woods = _woods(rng, 6.0 if is_town else 11.0)
        self._pieces = [_piece(houses, BUILDING_ID, light), _piece(woods, VEGETATION_ID, light)]

    def paint(self, canvas: Canvas, view: View) -> None:
        s = view.s_m + FAR_M - 2
        left, right, low = -_HALF_WIDTH_M, _HALF_WIDTH_M, _LOW_M
        scale = view.px_per_m(s)
        for piece in self._pieces:
            high = piece.high_m
            corners = np.array(
                [[s, left, high], [s, right, high], [s, right, low], [s, left, low]]
            )
            picture = piece.picture.at_least(scale * (right - left), scale * (high - low))
            patch = textured_quad(view, picture, corners)
            if patch is not None:
                canvas.paint(patch, piece.label_id)


@dataclass(frozen=True)
class _Piece:
    picture: Picture
    label_id: int
    high_m: float


def _piece(picture: ByteImage, label_id: int, light: Light) -> _Piece:
    """Cut off the empty rows above, and apply light and haze, which never change."""
    first = int(np.argmax(picture[..., 3].any(axis=1)))
    factor = light.ambient_rgb + 0.4 * light.sun_rgb
    haze = max(light.haze(FAR_M), 0.35)
    patch = relit(Patch(picture[first:], 0, 0), factor, haze=haze, haze_rgb=light.horizon_rgb)
    high = _HIGH_M - (_HIGH_M - _LOW_M) * first / _SIZE_HW[0]
    return _Piece(Picture(patch.rgba), label_id, high)


def _rows_of(height_m: float) -> int:
    return int((_HIGH_M - height_m) / (_HIGH_M - _LOW_M) * _SIZE_HW[0])


def _skyline(rng: np.random.Generator, share: float) -> ByteImage:
    color = np.zeros((*_SIZE_HW, 3), np.uint8)
    alpha = np.zeros(_SIZE_HW, np.uint8)
    x = 0
    while x < _SIZE_HW[1]:
        width = int(rng.integers(16, 70))
        if rng.random() < share:
            top = _rows_of(float(rng.uniform(7, 20 if rng.random() < 0.85 else 38)))
            tone = np.clip(rng.uniform(95, 190) * rng.uniform(0.9, 1.1, 3), 0, 255)
            color[top:, x : x + width] = tone
            alpha[top:, x : x + width] = 255
            for y in range(top + 4, _SIZE_HW[0] - 18, 9):
                color[y : y + 4, x + 3 : x + width - 3 : 6] = tone * 0.6
                color[y : y + 4, x + 4 : x + width - 3 : 6] = tone * 0.6
            if rng.random() < 0.5:
                ridge = np.array([[x, top], [x + width // 2, top - 9], [x + width, top]], np.int32)
                roof = (np.array([120, 80, 70]) * rng.uniform(0.6, 1.1)).tolist()
                cv2.fillConvexPoly(color, ridge, roof)
                cv2.fillConvexPoly(alpha, ridge, (255,))
        x += width
    return with_alpha(color, alpha.astype(np.float32) / 255)


def _woods(rng: np.random.Generator, height_m: float) -> ByteImage:
    outline = window(
        fractal_noise(8, 6, int(rng.integers(4))), (1, _SIZE_HW[1]), random_offset(rng)
    )
    fine = window(fractal_noise(64, 4, int(rng.integers(4))), _SIZE_HW, random_offset(rng))
    rows = np.linspace(_HIGH_M, _LOW_M, _SIZE_HW[0], dtype=np.float32)[:, None]
    top = np.float32(height_m) * (1 + 0.4 * outline)
    alpha = np.clip(top - rows + 0.7 * fine, 0, 1)
    color = leaf_color(rng) * np.clip(0.85 + 0.18 * fine, 0, 2)[..., None]
    return with_alpha(np.clip(color, 0, 255).astype(np.uint8), np.asarray(alpha, np.float32))
