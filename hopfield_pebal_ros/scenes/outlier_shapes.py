"""Shapes no street class has: cartons, furniture, tyres, animals, rubble, thin things."""

import math
from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.scenes.capsules import Capsules
from hopfield_pebal_ros.scenes.meshes import Faces, box, faces, join
from hopfield_pebal_ros.scenes.outlier_limbs import animal, blob, branch, lattice, table, tyres
from hopfield_pebal_ros.scenes.outlier_textures import random_color

FloatArray = npt.NDArray[np.float64]
Shape = Faces | Capsules


def random_shape(rng: np.random.Generator) -> Shape:
    """Return one shape about 1 m large, standing on height 0 around the origin."""
    return _SHAPES[int(rng.integers(len(_SHAPES)))](rng)


def _cartons(rng: np.random.Generator) -> Shape:
    parts, top = [], 0.0
    for _ in range(int(rng.integers(1, 4))):
        length, width, height = rng.uniform(0.3, 1.0, 3) * (1, 1, 0.8)
        shift = rng.uniform(-0.1, 0.1, 2)
        low = (shift[0] - length / 2, shift[1] - width / 2, top)
        parts.append(
            box(
                low, (shift[0] + length / 2, shift[1] + width / 2, top + height), random_color(rng)
            )
        )
        top += height
    return join(parts)


def _sofa(rng: np.random.Generator) -> Shape:
    color, length = random_color(rng), rng.uniform(0.9, 2.0)
    half, depth = length / 2, rng.uniform(0.7, 0.9)
    parts = [box((-depth / 2, -half, 0.08), (depth / 2, half, 0.42), color)]
    parts.append(box((depth / 2 - 0.22, -half, 0.42), (depth / 2, half, 0.85), color * 0.92))
    for side in (-1, 1):
        low, high = sorted((side * half, side * (half - 0.18)))
        parts.append(box((-depth / 2, low, 0.42), (depth / 2, high, 0.62), color * 1.05))
    parts += [
        box((-depth / 2 + 0.02, -half + 0.2, 0.42), (depth / 2 - 0.24, 0.0, 0.52), color * 1.1)
    ]
    return _turned(join(parts), rng.uniform(0, 2 * math.pi))


def _slab(rng: np.random.Generator) -> Shape:
    """A mattress, a door, a board: lying or leaning."""
    length, width, thickness = rng.uniform(1.0, 2.0), rng.uniform(0.5, 1.4), rng.uniform(0.05, 0.3)
    flat = box((-length / 2, -width / 2, 0), (length / 2, width / 2, thickness), random_color(rng))
    return _tilted(flat, rng.uniform(0, 1.3) if rng.random() < 0.6 else 0.0)


def _lathe(rng: np.random.Generator) -> Shape:
    """Barrels, vases, buckets, cone-like things: a profile turned about the vertical."""
    num_rings, num_sides = int(rng.integers(2, 7)), 18
    heights = np.linspace(0, rng.uniform(0.5, 1.2), num_rings)
    radii = rng.uniform(0.12, 0.45) * (1 + 0.5 * rng.uniform(-1, 1, num_rings))
    if rng.random() < 0.35:
        radii = np.linspace(radii.max(), 0.06, num_rings)
    angle = np.linspace(0, 2 * math.pi, num_sides + 1)
    rings = np.stack(
        [
            radii[:, None] * np.cos(angle),
            radii[:, None] * np.sin(angle),
            np.repeat(heights[:, None], num_sides + 1, 1),
        ],
        axis=-1,
    )
    quads = np.stack(
        [rings[:-1, :-1], rings[:-1, 1:], rings[1:, 1:], rings[1:, :-1]], axis=2
    ).reshape(-1, 4, 3)
    tints = np.repeat(
        [random_color(rng) if rng.random() < 0.3 else np.zeros(3) for _ in range(num_rings - 1)],
        num_sides,
        axis=0,
    )
    base = random_color(rng)
    colors = np.where(tints.sum(axis=1, keepdims=True) > 0, tints, base)
    lid = np.stack(
        [
            np.broadcast_to((0, 0, heights[-1]), (num_sides, 3)),
            rings[-1, :-1],
            rings[-1, 1:],
            rings[-1, 1:],
        ],
        axis=1,
    )
    body = faces(quads, colors, gloss=float(rng.choice([0, 0.3, 0.8])))
    solid = join([body, faces(lid, base * 0.8)])
    return _lying(solid, radii.max()) if rng.random() < 0.3 else solid


def _boulder(rng: np.random.Generator) -> Shape:
    """Rubble, sacks, crumpled things: a bumpy ball, flat below."""
    rows, columns = 13, 26
    polar, angle = (
        np.linspace(0.02, math.pi - 0.02, rows),
        np.linspace(0, 2 * math.pi, columns + 1),
    )
    coarse = rng.normal(0, 1, (int(rng.integers(3, 13)), int(rng.integers(4, 26)))).astype(
        np.float32
    )
    bumps = 1 + rng.uniform(0.03, 0.25) * cv2.resize(coarse, (columns + 1, rows))
    bumps[:, -1] = bumps[:, 0]
    size = rng.uniform(0.25, 0.6, 3)
    x = size[0] * bumps * np.sin(polar)[:, None] * np.cos(angle)
    y = size[1] * bumps * np.sin(polar)[:, None] * np.sin(angle)
    z = np.maximum(size[2] * (bumps * np.cos(polar)[:, None] + 0.8), 0)
    grid = np.stack([x, y, z], axis=-1)
    quads = np.stack([grid[:-1, :-1], grid[1:, :-1], grid[1:, 1:], grid[:-1, 1:]], axis=2)
    return faces(quads.reshape(-1, 4, 3), random_color(rng), gloss=float(rng.choice([0, 0, 0.5])))


def _shards(rng: np.random.Generator) -> Shape:
    """Flat pieces standing at angles: sheet metal, cardboard, a fallen sign, a sail."""
    parts = []
    for _ in range(int(rng.integers(1, 5))):
        points = rng.uniform(-0.5, 0.5, (4, 2)) + np.array(
            [[-0.3, -0.3], [-0.3, 0.3], [0.3, 0.3], [0.3, -0.3]]
        )
        quad = np.column_stack(
            [
                rng.normal(0, 0.25, 4) + rng.uniform(-0.2, 0.2),
                points[:, 0],
                np.maximum(points[:, 1] + 0.5, 0),
            ]
        )
        color = random_color(rng)
        parts += [faces(quad, color, gloss=0.3), faces(quad[::-1], color * 0.8, gloss=0.3)]
    return join(parts)


def _turned(solid: Faces, yaw: float) -> Faces:
    sin, cos = math.sin(yaw), math.cos(yaw)
    return _moved(solid, solid.corners @ np.array([[cos, sin, 0], [-sin, cos, 0], [0, 0, 1]]))


def _tilted(solid: Faces, angle: float) -> Faces:
    """Lift the front by `angle` [rad] and set the solid on the ground again."""
    sin, cos = math.sin(angle), math.cos(angle)
    corners = solid.corners @ np.array([[cos, 0, sin], [0, 1, 0], [-sin, 0, cos]])
    return _moved(solid, corners - (0, 0, corners[..., 2].min()))


def _lying(solid: Faces, radius: float) -> Faces:
    return _moved(solid, solid.corners[..., [2, 1, 0]][:, ::-1] + (-0.4, 0, radius))


def _moved(solid: Faces, corners: FloatArray) -> Faces:
    return replace(solid, corners=corners)


_SHAPES: tuple[Callable[[np.random.Generator], Shape], ...] = (
    _cartons, _sofa, _slab, table, _lathe, _lathe, _boulder, tyres,
    animal, animal, branch, lattice, blob, _shards,
)  # fmt: skip
