"""Shapes no street class has: cartons, furniture, tyres, animals, rubble, thin things."""

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.scenes.capsules import Capsules, Rows, beside, capsules
from hopfield_pebal_ros.scenes.meshes import Faces, box, faces, join
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


def _table(rng: np.random.Generator) -> Shape:
    """A table, chair or frame on legs."""
    color, high = random_color(rng), rng.uniform(0.4, 0.8)
    x, y = rng.uniform(0.2, 0.6, 2)
    rows: Rows = [
        ((sx * x, sy * y, 0), (sx * x, sy * y, high), 0.03, 0.03, color)
        for sx in (-1, 1)
        for sy in (-1, 1)
    ]
    rows += [
        ((-x, side * y, high), (x, side * y, high), 0.04, 0.04, color)
        for side in np.linspace(-1, 1, 7)
    ]
    if rng.random() < 0.5:
        rows += [
            ((x, side * y, high), (x + 0.08, side * y, 2 * high), 0.03, 0.03, color)
            for side in (-1, 0, 1)
        ]
    return capsules(rows)


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
    rows, columns = 9, 16
    polar, angle = (
        np.linspace(0.02, math.pi - 0.02, rows),
        np.linspace(0, 2 * math.pi, columns + 1),
    )
    bumps = 1 + rng.uniform(0.03, 0.3) * rng.normal(0, 1, (rows, columns + 1))
    bumps[:, -1] = bumps[:, 0]
    size = rng.uniform(0.25, 0.6, 3)
    x = size[0] * bumps * np.sin(polar)[:, None] * np.cos(angle)
    y = size[1] * bumps * np.sin(polar)[:, None] * np.sin(angle)
    z = np.maximum(size[2] * (bumps * np.cos(polar)[:, None] + 0.8), 0)
    grid = np.stack([x, y, z], axis=-1)
    quads = np.stack([grid[:-1, :-1], grid[1:, :-1], grid[1:, 1:], grid[:-1, 1:]], axis=2)
    return faces(quads.reshape(-1, 4, 3), random_color(rng), gloss=float(rng.choice([0, 0, 0.5])))


def _tyres(rng: np.random.Generator) -> Shape:
    """A ring, lying, standing or several on a pile."""
    radius, thickness = rng.uniform(0.2, 0.4), rng.uniform(0.07, 0.14)
    color = np.full(3, rng.uniform(18, 50)) if rng.random() < 0.6 else random_color(rng)
    angle = np.linspace(0, 2 * math.pi, 19)
    rows: Rows = []
    standing = rng.random() < 0.35
    for level in range(1 if standing else int(rng.integers(1, 4))):
        middle = np.array([*rng.uniform(-0.06, 0.06, 2), thickness * (1 + 1.9 * level)])
        if standing:
            ring = np.stack(
                [
                    radius * np.cos(angle),
                    0.2 * radius * np.cos(angle),
                    radius + thickness + radius * np.sin(angle),
                ],
                axis=1,
            )
        else:
            ring = middle + np.stack(
                [radius * np.cos(angle), radius * np.sin(angle), 0 * angle], axis=1
            )
        rows += [(ring[i], ring[i + 1], thickness, thickness, color) for i in range(len(ring) - 1)]
    return capsules(rows)


def _animal(rng: np.random.Generator) -> Shape:
    """Four legs, a trunk, a neck, a head: from cat to deer to cow, some lying."""
    color = random_color(rng)
    dark, light = color * rng.uniform(0.5, 0.9), np.minimum(color * rng.uniform(1, 1.4), 250)
    length, leg = rng.uniform(0.5, 0.9), rng.uniform(0.15, 0.75)
    girth = rng.uniform(0.12, 0.26)
    low = girth if rng.random() < 0.15 else leg + girth * 0.7
    rows: Rows = [
        (
            (-length / 2, 0, low),
            (length / 2, 0, low * rng.uniform(0.95, 1.08)),
            girth,
            girth * rng.uniform(0.85, 1.1),
            color,
        )
    ]
    for end in (-1, 1):
        for side in (-1, 1):
            hip = np.array([end * length * 0.48, side * girth * 0.55, low - 0.3 * girth])
            knee = hip * (1, 1, 0.5) + (rng.uniform(-0.1, 0.1), 0, 0)
            rows += [
                (hip, knee, girth * 0.38, girth * 0.22, color),
                (knee, knee * (1, 1, 0), girth * 0.22, girth * 0.15, dark),
            ]
    shoulder = np.array([length / 2, 0, low + 0.3 * girth])
    head = shoulder + rng.uniform((0.12, -0.15, -0.05), (0.4, 0.15, 0.5))
    rows += [
        (shoulder, head, girth * 0.6, girth * 0.4, color),
        (head, beside(head, girth, 0, -0.25 * girth), girth * 0.5, girth * 0.28, light),
        (
            (-length / 2, 0, low),
            (-length / 2 - rng.uniform(0.1, 0.4), 0, low + rng.uniform(-0.3, 0.3)),
            girth * 0.2,
            girth * 0.1,
            dark,
        ),
    ]
    tip = rng.uniform(0.3, 1.4)
    for side in (-1, 1):
        ear = beside(head, 0, side * girth * 0.35, girth * 0.35)
        rows.append(
            (
                ear,
                ear + np.array([-0.2, side * 0.3, 0.6]) * girth * tip,
                girth * 0.16,
                girth * 0.06,
                dark,
            )
        )
    return capsules(rows)


def _branch(rng: np.random.Generator) -> Shape:
    """A fallen branch, a tangle of pipes or wire."""
    color = (
        np.array([92, 74, 56]) * rng.uniform(0.6, 1.4) if rng.random() < 0.6 else random_color(rng)
    )
    rows: Rows = []

    def grow(
        start: FloatArray, heading: FloatArray, length: float, thickness: float, depth: int
    ) -> None:
        end = start + heading * length
        end[2] = max(end[2], thickness)
        rows.append((start, end, thickness, thickness * 0.7, color))
        for _ in range(2 if depth else 0):
            turned = heading + rng.normal(0, 0.5, 3)
            grow(
                end,
                turned / np.linalg.norm(turned),
                length * rng.uniform(0.5, 0.8),
                thickness * 0.65,
                depth - 1,
            )

    flat = np.array([1.0, 0.0, rng.uniform(0.1, 0.4)])
    grow(np.array([-0.7, 0.0, 0.05]), flat / np.linalg.norm(flat), 0.6, rng.uniform(0.02, 0.09), 4)
    return capsules(rows)


def _lattice(rng: np.random.Generator) -> Shape:
    """Ladders, cages, trolleys, racks: thin bars at right angles."""
    color, radius = random_color(rng), rng.uniform(0.012, 0.035)
    x, y, z = rng.uniform(0.2, 0.6), rng.uniform(0.2, 0.9), rng.uniform(0.3, 1.0)
    is_flat = rng.random() < 0.5
    rows: Rows = []
    for depth in (0.0,) if is_flat else (-x, x):
        for side in (-1, 1):
            rows.append(((depth, side * y, 0.02), (depth, side * y, z), radius, radius, color))
        for step in np.linspace(0.1, 1, int(rng.integers(3, 9))):
            rows.append(
                ((depth, -y, z * step), (depth, y, z * step), radius * 0.8, radius * 0.8, color)
            )
    if not is_flat:
        rows += [
            ((-x, side * y, z * level), (x, side * y, z * level), radius, radius, color)
            for side in (-1, 1)
            for level in (0.15, 1)
        ]
    return capsules(rows)


def _blob(rng: np.random.Generator) -> Shape:
    """Bags, cushions, balls, things of no name: fat limbs run together."""
    count = int(rng.integers(1, 7))
    first, second = random_color(rng), random_color(rng)
    rows: Rows = []
    for index in range(count):
        radius = rng.uniform(0.1, 0.35)
        start = np.array([*rng.uniform(-0.3, 0.3, 2), radius + rng.uniform(0, 0.4) * (index > 0)])
        end = start + rng.normal(0, 0.15, 3) * (count > 1)
        end[2] = max(end[2], 0.08)
        rows.append(
            (
                start,
                end,
                radius,
                radius * rng.uniform(0.5, 1),
                first if rng.random() < 0.75 else second,
            )
        )
    return capsules(rows)


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
    _cartons, _sofa, _slab, _table, _lathe, _lathe, _boulder, _tyres,
    _animal, _animal, _branch, _lattice, _blob, _shards,
)  # fmt: skip
