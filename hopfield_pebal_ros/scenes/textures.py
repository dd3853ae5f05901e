"""Tileable noise and patterns: the one source of texture for every surface of a scene."""

from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

FloatImage = npt.NDArray[np.float32]
ByteImage = npt.NDArray[np.uint8]

NOISE_PX = 512
"""Side of every noise tile; a tile repeats without a seam."""


@lru_cache(maxsize=64)
def value_noise(cells: int, seed: int) -> FloatImage:
    """Return smooth tileable noise: (512, 512) float32 in about -1..1, `cells` bumps a side."""
    grid = np.random.default_rng((seed, cells)).uniform(-1, 1, (cells, cells)).astype(np.float32)
    pad = 2
    wrapped = np.pad(grid, pad, mode='wrap')
    scale = max(NOISE_PX // cells, 1)
    large = cv2.resize(wrapped, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    inner = large[pad * scale : pad * scale + NOISE_PX, pad * scale : pad * scale + NOISE_PX]
    return _read_only(inner)


@lru_cache(maxsize=64)
def fractal_noise(cells: int, octaves: int, seed: int) -> FloatImage:
    """Return summed octaves of `value_noise`: (512, 512) float32, mean 0, deviation 1.

    Args:
        cells: bumps a side of the coarsest octave; cells * 2**(octaves - 1) <= 512, power of two.
        octaves: each halves the bump size and takes 0.6 of the amplitude.
        seed: which of the many.
    """
    total = np.zeros((NOISE_PX, NOISE_PX), np.float32)
    for octave in range(octaves):
        total += value_noise(cells << octave, seed + 7919 * octave) * np.float32(0.6**octave)
    total -= total.mean()
    return _read_only(total / total.std())


def window(noise: FloatImage, size_hw: tuple[int, int], offset: tuple[int, int]) -> FloatImage:
    """Cut (h, w) out of a tile that repeats for ever."""
    rows = _turned(noise, offset[0], size_hw[0], axis=0)
    return np.ascontiguousarray(_turned(rows, offset[1], size_hw[1], axis=1))


def _turned(noise: FloatImage, start: int, length: int, *, axis: int) -> FloatImage:
    """Read `length` entries from `start` on, beginning anew at the tile's end."""
    side = noise.shape[axis]
    pieces, left, at = [], length, start % side
    while left > 0:
        index = [slice(None), slice(None)]
        index[axis] = slice(at, min(at + left, side))
        pieces.append(noise[tuple(index)])
        left, at = left - (index[axis].stop - at), 0
    return pieces[0] if len(pieces) == 1 else np.concatenate(pieces, axis=axis)


def random_offset(rng: np.random.Generator) -> tuple[int, int]:
    return int(rng.integers(NOISE_PX)), int(rng.integers(NOISE_PX))


def modulate(image_rgb: ByteImage, factor: FloatImage) -> ByteImage:
    """Multiply (h, w, 3) uint8 by (h, w) float32, cut off at 255."""
    weights = cv2.cvtColor(np.ascontiguousarray(factor), cv2.COLOR_GRAY2RGB)
    return np.asarray(cv2.multiply(image_rgb, weights, dtype=cv2.CV_8U), dtype=np.uint8)


def blend(below: ByteImage, above: ByteImage, alpha: FloatImage) -> ByteImage:
    """Mix two (h, w, 3) uint8 pictures: alpha 0 keeps `below`, 1 shows `above`."""
    weight = np.ascontiguousarray(alpha, dtype=np.float32)
    return np.asarray(cv2.blendLinear(above, below, weight, 1 - weight), dtype=np.uint8)


def plain(size_hw: tuple[int, int], color_rgb: npt.ArrayLike) -> ByteImage:
    image = np.empty((*size_hw, 3), np.uint8)
    image[:] = np.clip(np.asarray(color_rgb), 0, 255).astype(np.uint8)
    return image


def glyphs(rng: np.random.Generator, size_hw: tuple[int, int]) -> FloatImage:
    """Return rows of marks that look like writing from afar: (h, w) float32 coverage 0..1."""
    height, width = size_hw
    page = np.zeros(size_hw, np.uint8)
    text = ''.join(chr(int(code)) for code in rng.integers(65, 91, 10))
    num_rows = int(rng.integers(1, 3))
    scale = height / num_rows / 40
    for row in range(num_rows):
        origin = (int(width * 0.06), int(height * (row + 0.75) / num_rows))
        count = max(1, int(width * 0.9 / (20 * scale + 1)))
        line = text[row : row + count]
        thickness = max(1, round(3 * scale))
        cv2.putText(page, line, origin, cv2.FONT_HERSHEY_SIMPLEX, scale, 255, thickness)
    return np.asarray(page / np.float32(255), dtype=np.float32)


def _read_only(image: npt.ArrayLike) -> FloatImage:
    result = np.ascontiguousarray(image, dtype=np.float32)
    result.flags.writeable = False
    return result
