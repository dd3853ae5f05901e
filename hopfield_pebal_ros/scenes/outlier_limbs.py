"""Outlier shapes of round limbs: tables, tyres, animals, branches, lattices, soft heaps."""

import math

import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.scenes.capsules import Capsules, Rows, beside, capsules
from hopfield_pebal_ros.scenes.outlier_textures import random_color

FloatArray = npt.NDArray[np.float64]


def table(rng: np.random.Generator) -> Capsules:
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


def tyres(rng: np.random.Generator) -> Capsules:
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


def animal(rng: np.random.Generator) -> Capsules:
    """Four legs, a trunk, a neck, a head: from cat to deer to cow, some lying."""
    color = random_fur(rng)
    dark, light = color * rng.uniform(0.5, 0.9), np.minimum(color * rng.uniform(1, 1.4), 250)
    length, girth = rng.uniform(0.5, 0.9), rng.uniform(0.12, 0.26)
    is_lying = rng.random() < 0.15
    low = girth if is_lying else rng.uniform(0.15, 0.75) + girth * 0.7
    back, chest = (-length / 2, 0, low), (length / 2, 0, low * rng.uniform(0.95, 1.08))
    rows: Rows = [(back, chest, girth, girth * rng.uniform(0.85, 1.1), color)]
    for end in (-1, 1):
        for side in (-1, 1):
            hip = np.array([end * length * 0.48, side * girth * 0.55, low - 0.3 * girth])
            knee = beside(hip * (1, 1, 0.5), rng.uniform(-0.1, 0.1), 0, 0)
            rows.append((hip, knee, girth * 0.38, girth * 0.22, color))
            rows.append((knee, knee * (1, 1, 0), girth * 0.22, girth * 0.15, dark))
    tail = (-length / 2 - rng.uniform(0.1, 0.4), 0, low + rng.uniform(-0.3, 0.3))
    rows.append((back, tail, girth * 0.2, girth * 0.1, dark))
    shoulder = np.array([length / 2, 0, low + 0.3 * girth])
    head = shoulder + rng.uniform((0.12, -0.15, -0.05), (0.4, 0.15, 0.5))
    rows.append((shoulder, head, girth * 0.6, girth * 0.4, color))
    return capsules(rows + _head(rng, head, girth=girth, colors=(dark, light)))


def _head(
    rng: np.random.Generator,
    place: FloatArray,
    *,
    girth: float,
    colors: tuple[FloatArray, FloatArray],
) -> Rows:
    """A muzzle and two ears or horns."""
    (dark, light), reach = colors, rng.uniform(0.3, 1.4)
    muzzle = beside(place, girth, 0, -0.25 * girth)
    rows: Rows = [(place, muzzle, girth * 0.5, girth * 0.28, light)]
    for side in (-1, 1):
        ear = beside(place, 0, side * girth * 0.35, girth * 0.35)
        tip = ear + np.array([-0.2, side * 0.3, 0.6]) * girth * reach
        rows.append((ear, tip, girth * 0.16, girth * 0.06, dark))
    return rows


def random_fur(rng: np.random.Generator) -> FloatArray:
    """Brown, grey, black, white; one in four of any colour, so that colour is no clue."""
    if rng.random() < 0.25:
        return random_color(rng)
    base = np.array(
        (
            (122, 88, 58),
            (166, 130, 92),
            (70, 60, 54),
            (110, 108, 106),
            (200, 192, 180),
            (34, 32, 32),
        )
    )
    return np.asarray(
        base[int(rng.integers(len(base)))] * rng.uniform(0.75, 1.2) * rng.uniform(0.95, 1.05, 3)
    )


def branch(rng: np.random.Generator) -> Capsules:
    """A fallen branch, a tangle of pipes or wire."""
    is_wood = rng.random() < 0.6
    color = np.array([92, 74, 56]) * rng.uniform(0.6, 1.4) if is_wood else random_color(rng)
    flat = np.array([1.0, 0.0, rng.uniform(0.1, 0.4)])
    grown = [
        (np.array([-0.7, 0.0, 0.05]), flat / np.linalg.norm(flat), 0.6, rng.uniform(0.02, 0.09))
    ]
    rows: Rows = []
    for _ in range(31):  # five generations of two
        start, heading, length, thickness = grown.pop(0)
        end = start + heading * length
        end[2] = max(end[2], thickness)
        rows.append((start, end, thickness, thickness * 0.7, color))
        for _ in range(2):
            turned = heading + rng.normal(0, 0.5, 3)
            turned /= np.linalg.norm(turned)
            grown.append((end, turned, length * rng.uniform(0.5, 0.8), thickness * 0.65))
    return capsules(rows)


def lattice(rng: np.random.Generator) -> Capsules:
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


def blob(rng: np.random.Generator) -> Capsules:
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
