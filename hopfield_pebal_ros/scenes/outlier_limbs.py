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


def branch(rng: np.random.Generator) -> Capsules:
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
