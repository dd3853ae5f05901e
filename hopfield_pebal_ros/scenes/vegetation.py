"""Trees, bushes and hedges as pictures with ragged edges, made of noise and light."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.scenes.quads import with_alpha
from hopfield_pebal_ros.scenes.textures import (
    ByteImage,
    FloatImage,
    fractal_noise,
    random_offset,
    window,
)

TREE_PX = 320
"""Side of a tree's picture, trunk's foot at the middle of the lower edge."""

_GREENS = ((62, 84, 36), (78, 98, 42), (50, 74, 40), (92, 104, 48), (70, 86, 58))
_AUTUMN = ((150, 104, 40), (168, 132, 52), (132, 72, 40))


def leaf_color(rng: np.random.Generator) -> npt.NDArray[np.float64]:
    palette = _GREENS if rng.random() < 0.85 else _AUTUMN
    return np.asarray(palette[int(rng.integers(len(palette)))], dtype=np.float64) * rng.uniform(
        0.8, 1.2, 3
    )


def tree(rng: np.random.Generator, sun_direction: npt.NDArray[np.float64]) -> ByteImage:
    """Return (320, 320, 4) uint8 premultiplied picture of a tree as high as the picture."""
    if rng.random() < 0.08:
        return _bare_tree(rng)
    image = np.zeros((TREE_PX, TREE_PX, 3), np.uint8)
    wood = np.zeros((TREE_PX, TREE_PX), np.uint8)
    bark = np.array([78, 66, 54]) * rng.uniform(0.7, 1.2)
    crown_low = rng.uniform(0.62, 0.82) * TREE_PX
    trunk = _Branch(TREE_PX / 2, TREE_PX, np.pi / 2, TREE_PX * 0.3, 9 * rng.uniform(0.8, 1.3))
    _grow(wood, rng, trunk, depth=4)
    image[:] = bark
    alpha_wood = wood.astype(np.float32) / 255
    blobs = _crown_blobs(rng, crown_low)
    leaves, cover = _leaves(rng, blobs, sun_direction)
    color = image * (1 - cover[..., None]) + leaves * cover[..., None]
    alpha = np.maximum(alpha_wood, cover)
    return with_alpha(np.clip(color, 0, 255).astype(np.uint8), alpha)


def _crown_blobs(rng: np.random.Generator, crown_low: float) -> npt.NDArray[np.float64]:
    """Centres and radii (N, 3) [px] of the leafy masses."""
    count = int(rng.integers(9, 16))
    shape = str(rng.choice(['round', 'tall', 'cone']))
    height = crown_low - 24
    share = rng.uniform(0, 1, count)
    y = crown_low - 26 - share * (height - 40)
    spread = {
        'round': 0.34 * np.sin(np.pi * (0.15 + 0.8 * share)),
        'tall': 0.18 + 0 * share,
        'cone': 0.3 * (1 - share),
    }[shape]
    x = TREE_PX / 2 + rng.uniform(-1, 1, count) * spread * TREE_PX
    radius = rng.uniform(0.09, 0.16, count) * TREE_PX * (1.15 - 0.45 * share * (shape == 'cone'))
    radius = np.minimum(radius, np.minimum(np.minimum(x, TREE_PX - x), y) - 4)
    return np.stack([x, y, np.maximum(radius, 12)], axis=1)


def _leaves(
    rng: np.random.Generator,
    blobs: npt.NDArray[np.float64],
    sun_direction: npt.NDArray[np.float64],
) -> tuple[FloatImage, FloatImage]:
    """Colour (h, w, 3) and cover (h, w) of leafy masses, brighter towards the light."""
    height = np.full((TREE_PX, TREE_PX), -1.0, np.float32)
    shade = np.zeros((TREE_PX, TREE_PX), np.float32)
    sun_x = float(np.clip(sun_direction[1], -0.7, 0.7))
    for center_x, center_y, radius in blobs[np.argsort(-blobs[:, 1])].tolist():
        reach = 1.4 * radius  # the noise can add leaves outside of the ball
        rows = np.arange(max(int(center_y - reach), 0), min(int(center_y + reach) + 1, TREE_PX))
        columns = np.arange(max(int(center_x - reach), 0), min(int(center_x + reach) + 1, TREE_PX))
        dy = ((rows - center_y) / radius).astype(np.float32)[:, None]
        dx = ((columns - center_x) / radius).astype(np.float32)[None, :]
        level, part = 1 - dx * dx - dy * dy, np.ix_(rows, columns)
        closer = level > height[part]
        height[part] = np.where(closer, level, height[part])
        shade[part] = np.where(closer, 0.78 - 0.34 * dy + 0.3 * sun_x * dx, shade[part])
    fine = window(fractal_noise(64, 4, int(rng.integers(4))), height.shape, random_offset(rng))
    ragged = window(fractal_noise(32, 5, int(rng.integers(4))), height.shape, random_offset(rng))
    density = height + 0.3 * ragged + 0.12 * fine
    cover = np.clip((density - 0.12) / 0.16, 0, 1)
    lightness = np.clip(shade + 0.17 * fine + 0.1 * ragged, 0.25, 1.5)
    base = leaf_color(rng).astype(np.float32)
    warm = np.array([1.12, 1.06, 0.8], np.float32)
    tint = base * (1 + (warm - 1) * np.clip(lightness - 0.9, 0, 1)[..., None] * 1.5)
    return np.asarray(tint * lightness[..., None], np.float32), np.asarray(cover, np.float32)


@dataclass(frozen=True)
class _Branch:
    """A straight piece of wood on the picture [px], heading in radians, 0 to the right."""

    x: float
    y: float
    heading: float
    length: float
    thickness: float


def _grow(
    sheet: npt.NDArray[np.uint8], rng: np.random.Generator, branch: _Branch, *, depth: int
) -> None:
    """Draw a branch and, `depth` times over, three smaller ones at its end."""
    end_x = branch.x + branch.length * np.cos(branch.heading)
    end_y = branch.y - branch.length * np.sin(branch.heading)
    points = np.array([[branch.x, branch.y], [end_x, end_y]]).round().astype(np.int32)
    cv2.polylines(sheet, [points], False, (255,), max(1, round(branch.thickness)), cv2.LINE_AA)
    if depth == 0:
        return
    for turn in rng.uniform(0.15, 0.65, 3) * np.array([-1, 1, rng.choice([-1, 1])]):
        length = branch.length * rng.uniform(0.6, 0.8)
        twig = _Branch(end_x, end_y, branch.heading + turn, length, branch.thickness * 0.62)
        _grow(sheet, rng, twig, depth=depth - 1)


def _bare_tree(rng: np.random.Generator) -> ByteImage:
    sheet = np.zeros((TREE_PX, TREE_PX), np.uint8)
    trunk = _Branch(TREE_PX / 2, TREE_PX, np.pi / 2, TREE_PX * 0.28, 9)
    _grow(sheet, rng, trunk, depth=5)
    image = np.empty((TREE_PX, TREE_PX, 3), np.uint8)
    image[:] = np.array([84, 74, 64]) * rng.uniform(0.7, 1.1)
    return with_alpha(image, sheet.astype(np.float32) / 255)


def hedge(rng: np.random.Generator, *, is_clipped: bool) -> ByteImage:
    """Return (128, 512, 4) uint8 premultiplied; a hedge or a row of bushes, ragged on top."""
    size = (128, 512)
    fine = window(fractal_noise(64, 4, int(rng.integers(4))), size, random_offset(rng))
    coarse = window(fractal_noise(16, 5, int(rng.integers(4))), size, random_offset(rng))
    y = np.linspace(1, 0, size[0], dtype=np.float32)[:, None]
    top = 0.93 if is_clipped else 0.72 + 0.12 * coarse[64:65]
    cover = np.clip((top - y + 0.035 * fine + 0.03 * coarse) / 0.05, 0, 1)
    lightness = np.clip(0.62 + 0.42 * y + 0.2 * fine + 0.1 * coarse, 0.25, 1.5)
    color = np.clip(leaf_color(rng) * lightness[..., None], 0, 255)
    return with_alpha(color.astype(np.uint8), np.asarray(cover, np.float32))
