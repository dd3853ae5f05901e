"""Patterns that dress outliers: plain, stripes, checks, noise, wood, fur, writing, camouflage."""

import cv2
import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.scenes.textures import (
    FloatImage,
    fractal_noise,
    glyphs,
    random_offset,
    value_noise,
    window,
)

_SIDE = 128
_SIZE_HW = (_SIDE, _SIDE)


def random_color(rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Albedo (3,) 0..255: two in five as grey as a street, one in five earthy, the rest free."""
    kind = rng.random()
    if kind < 0.4:
        return np.asarray(rng.uniform(35, 170) * rng.uniform(0.93, 1.07, 3))
    if kind < 0.6:
        hue, saturation, value = rng.uniform(5, 45), rng.uniform(40, 140), rng.uniform(50, 200)
    else:
        hue, saturation, value = rng.uniform(0, 180), rng.uniform(20, 190), rng.uniform(40, 225)
    pixel = np.array([[[hue, saturation, value]]], np.uint8)
    return np.asarray(cv2.cvtColor(pixel, cv2.COLOR_HSV2RGB)[0, 0], dtype=np.float64)


def random_pattern(rng: np.random.Generator) -> FloatImage:
    """Return colour factors (128, 128, 3) float32 around 1, to be stretched over an object."""
    names = ('plain', 'stripes', 'checks', 'noise', 'wood', 'fur', 'writing', 'camouflage')
    kind = str(rng.choice(names, p=[0.26, 0.1, 0.06, 0.16, 0.12, 0.12, 0.08, 0.1]))
    grain = 1 + rng.uniform(0.01, 0.07) * _noise(rng, 32, 4)
    if kind == 'plain':
        return np.repeat(grain[..., None], 3, axis=2)
    share = _share(kind, rng)[..., None]
    first, second = (
        np.ones(3),
        rng.uniform(0.25, 1.9, 3) if rng.random() < 0.4 else np.full(3, rng.uniform(0.35, 1.7)),
    )
    mixed = first * (1 - share) + second * share
    return np.asarray(mixed * grain[..., None], dtype=np.float32)


def _noise(rng: np.random.Generator, cells: int, octaves: int) -> FloatImage:
    return window(
        fractal_noise(cells, octaves, int(rng.integers(4))), _SIZE_HW, random_offset(rng)
    )


def _share(kind: str, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Share 0..1 of the second colour at each texel."""
    y, x = np.mgrid[:_SIDE, :_SIDE] / _SIDE
    angle = rng.uniform(0, np.pi)
    along = x * np.cos(angle) + y * np.sin(angle)
    if kind == 'stripes':
        return np.asarray(np.clip(0.5 + 6 * np.sin(2 * np.pi * along * rng.uniform(2, 9)), 0, 1))
    if kind == 'checks':
        count = int(rng.integers(3, 9))
        return np.asarray(
            ((x * count).astype(int) + (y * count).astype(int)) % 2, dtype=np.float64
        )
    if kind == 'noise':
        return np.clip(0.5 + 0.4 * _noise(rng, int(2 ** rng.integers(2, 6)), 4), 0, 1)
    if kind == 'wood':
        warp = _noise(rng, 8, 3)
        rings = np.sin(2 * np.pi * (along * rng.uniform(4, 12) + 0.35 * warp))
        return np.asarray(np.clip(0.4 + 0.35 * rings + 0.1 * _noise(rng, 64, 2), 0, 1))
    if kind == 'fur':
        fine = window(value_noise(256, int(rng.integers(4))), (_SIDE, _SIDE), random_offset(rng))
        hairs = cv2.blur(fine, (1, 9) if rng.random() < 0.5 else (9, 1))
        return np.clip(0.5 + 1.6 * hairs + 0.3 * _noise(rng, 8, 2), 0, 1)
    if kind == 'writing':
        return np.asarray(glyphs(rng, _SIZE_HW), dtype=np.float64)
    return np.asarray(_noise(rng, 16, 2) > rng.uniform(-0.4, 0.6), dtype=np.float64)
