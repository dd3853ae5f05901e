"""Pictures of garden walls and fences, to be set up along the road."""

import cv2
import numpy as np

from hopfield_pebal_ros.scenes.facades import brick_tones
from hopfield_pebal_ros.scenes.quads import with_alpha
from hopfield_pebal_ros.scenes.textures import (
    ByteImage,
    fractal_noise,
    modulate,
    random_offset,
    window,
)

_SIZE_HW = (96, 640)


def wall_picture(rng: np.random.Generator) -> ByteImage:
    """Return (96, 640, 4) uint8: bricks, plaster or concrete, with a coping on top."""
    kind = str(rng.choice(['brick', 'plaster', 'concrete']))
    color = {'brick': (142, 88, 70), 'plaster': (208, 200, 184), 'concrete': (150, 148, 142)}[kind]
    image = np.empty((*_SIZE_HW, 3), np.uint8)
    image[:] = np.clip(np.asarray(color) * rng.uniform(0.75, 1.1, 3), 0, 255)
    factor = 1 + 0.06 * window(
        fractal_noise(16, 6, int(rng.integers(4))), _SIZE_HW, random_offset(rng)
    )
    if kind == 'brick':
        factor = factor * brick_tones(rng, _SIZE_HW, brick_hw=(4, 12))
    if kind == 'concrete':
        factor[:, ::80] *= 0.6
    factor[:7] *= 1.12
    factor[7:10] *= 0.6
    factor[-10:] *= np.linspace(1, 0.7, 10, dtype=np.float32)[:, None]
    return with_alpha(modulate(image, factor.astype(np.float32)), np.ones(_SIZE_HW, np.float32))


def fence_picture(rng: np.random.Generator) -> ByteImage:
    """Return (96, 640, 4) uint8: rails and bars one can look through, or boards."""
    height, width = _SIZE_HW
    cover = np.zeros(_SIZE_HW, np.uint8)
    boards = rng.random() < 0.35
    step = int(rng.integers(9, 16)) if boards else int(rng.integers(7, 12))
    thickness = step - 2 if boards else 2
    for x in range(0, width, step):
        cv2.rectangle(cover, (x, 6), (x + thickness - 1, height), 255, -1)
    for y in (10, height - 18):
        cv2.rectangle(cover, (0, y), (width, y + 4), 255, -1)
    for x in range(0, width, 128):
        cv2.rectangle(cover, (x, 0), (x + 5, height), 255, -1)
    palette = (
        ((120, 88, 58), (196, 192, 184), (92, 74, 56))
        if boards
        else ((40, 44, 46), (70, 84, 74), (150, 152, 152))
    )
    image = np.empty((*_SIZE_HW, 3), np.uint8)
    image[:] = np.clip(np.asarray(palette[int(rng.integers(3))]) * rng.uniform(0.8, 1.2), 0, 255)
    noise = window(fractal_noise(32, 4, int(rng.integers(4))), _SIZE_HW, random_offset(rng))
    return with_alpha(
        modulate(image, (1 + 0.08 * noise).astype(np.float32)), cover.astype(np.float32) / 255
    )
