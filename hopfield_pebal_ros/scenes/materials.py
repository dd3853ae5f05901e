"""Ground materials seen from above: asphalt, slabs, cobbles, kerb stone, grass, soil."""

from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.scenes.textures import (
    ByteImage,
    FloatImage,
    fractal_noise,
    random_offset,
    value_noise,
    window,
)

METRES_PER_ROW = 0.04
METRES_PER_COLUMN = 0.02
"""Texel of the street's texture: rows run along the road, columns across."""


def material_texture(name: str, size_hw: tuple[int, int], rng: np.random.Generator) -> ByteImage:
    """Return (h, w, 3) uint8 RGB albedo of one material at the street's texel size.

    Raises:
        KeyError: there is no such material.
    """
    color, brightness = _MATERIALS[name](size_hw, rng)
    image = np.clip(brightness, 0, 2)[..., None] * np.asarray(color, np.float32)
    return np.clip(image, 0, 255).astype(np.uint8)


_Material = tuple[npt.ArrayLike, FloatImage]


def _grain(
    size_hw: tuple[int, int], rng: np.random.Generator, *, cells: int, octaves: int
) -> FloatImage:
    """Noise whose bumps are as long along as across, in spite of the texel's shape."""
    noise = fractal_noise(cells, octaves, int(rng.integers(5)))
    rows = int(size_hw[0] * METRES_PER_ROW / METRES_PER_COLUMN)
    cut = window(noise, (rows, size_hw[1]), random_offset(rng))
    return np.asarray(
        cv2.resize(cut, (size_hw[1], size_hw[0]), interpolation=cv2.INTER_AREA), dtype=np.float32
    )


def _asphalt(size_hw: tuple[int, int], rng: np.random.Generator) -> _Material:
    color = rng.uniform(74, 142) * rng.uniform(0.975, 1.02, 3)
    coarse = window(value_noise(8, int(rng.integers(5))), size_hw, random_offset(rng))
    return color, 1 + 0.05 * coarse + rng.uniform(0.015, 0.04) * _grain(
        size_hw, rng, cells=64, octaves=4
    )


def _joints(
    size_hw: tuple[int, int], rng: np.random.Generator, stone_m: tuple[float, float]
) -> FloatImage:
    """Stones in rows, each of its own brightness, with dark joints."""
    rows = np.arange(size_hw[0]) * METRES_PER_ROW / stone_m[0]
    columns = np.arange(size_hw[1]) * METRES_PER_COLUMN / stone_m[1]
    row_index = rows.astype(int)
    shift = 0.5 * (row_index % 2) * rng.integers(2)
    across = columns[None, :] + shift[:, None]
    tones = rng.normal(1, 0.05, (row_index[-1] + 1, int(across[0, -1]) + 3)).astype(np.float32)
    stones = tones[row_index[:, None], across.astype(int)]
    joint_along = (rows % 1) * stone_m[0] < max(0.015, METRES_PER_ROW)
    joint_across = (across % 1) * stone_m[1] < METRES_PER_COLUMN
    stones[joint_along[:, None] | joint_across] *= 0.8
    return np.asarray(stones, dtype=np.float32)


def _slabs(size_hw: tuple[int, int], rng: np.random.Generator) -> _Material:
    side = float(rng.choice([0.3, 0.4, 0.5, 0.8]))
    color = rng.uniform(105, 165) * np.array([1.0, 0.98, 0.95]) * rng.uniform(0.95, 1.05, 3)
    return color, _joints(size_hw, rng, (side, side)) + 0.05 * _grain(
        size_hw, rng, cells=16, octaves=5
    )


def _cobbles(size_hw: tuple[int, int], rng: np.random.Generator) -> _Material:
    color = rng.uniform(85, 140) * np.array([1.0, 0.97, 0.95]) * rng.uniform(0.92, 1.08, 3)
    return color, _joints(size_hw, rng, (0.2, 0.1)) + 0.07 * _grain(
        size_hw, rng, cells=32, octaves=4
    )


def _smooth(size_hw: tuple[int, int], rng: np.random.Generator) -> _Material:
    color = rng.uniform(90, 150) * np.array([1.0, 0.99, 0.97])
    return color, 1 + 0.06 * _grain(size_hw, rng, cells=16, octaves=5)


def _kerb(size_hw: tuple[int, int], rng: np.random.Generator) -> _Material:
    stones = _joints(size_hw, rng, (1.0, 5.0)) + 0.05 * _grain(size_hw, rng, cells=32, octaves=4)
    edge = np.linspace(-1, 1, size_hw[1], dtype=np.float32)
    return rng.uniform(120, 185) * np.array([1.0, 0.99, 0.96]), stones * (1 - 0.25 * edge**6)


def _grass(size_hw: tuple[int, int], rng: np.random.Generator) -> _Material:
    dry = rng.uniform(0, 1)
    color = np.array([74, 92, 46]) * (1 - dry) + np.array([122, 114, 74]) * dry
    tufts = _grain(size_hw, rng, cells=64, octaves=4)
    return color, 0.95 + 0.13 * tufts + 0.08 * _grain(size_hw, rng, cells=8, octaves=3)


def _soil(size_hw: tuple[int, int], rng: np.random.Generator) -> _Material:
    color = np.array([112, 92, 68]) * rng.uniform(0.8, 1.2)
    return color, 1 + 0.12 * _grain(size_hw, rng, cells=16, octaves=6)


_MATERIALS: dict[str, Callable[[tuple[int, int], np.random.Generator], _Material]] = {
    'asphalt': _asphalt,
    'slabs': _slabs,
    'cobbles': _cobbles,
    'smooth': _smooth,
    'kerb': _kerb,
    'grass': _grass,
    'soil': _soil,
}
