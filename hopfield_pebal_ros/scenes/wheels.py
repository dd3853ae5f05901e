"""Wheels of cars, lorries and buses: arch, tyre, rim and the gaps between its spokes."""

from dataclasses import replace
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.scenes.meshes import Faces, faces, join

FloatArray = npt.NDArray[np.float64]


def wheels(
    size_m: tuple[float, float, float],
    *,
    side: int,
    rim: int,
    radius_m: float = 0.33,
    is_far: bool = False,
) -> Faces:
    """Both wheels of one side of a vehicle: rank 0 the treads, rank 1 what shows on its side.

    Args:
        size_m: length, width, height of the vehicle.
        side: 1 right, -1 left.
        rim: 0..2, which look.
        radius_m: of the tyre.
        is_far: leaves out what is too small to be seen.
    """
    length, width, _ = size_m
    wheel = _far_wheel(side) if is_far else _near_wheel(side, rim)
    scale = np.array([radius_m, radius_m, radius_m])
    places = (-0.31 * length, 0.325 * length)
    outer = side * (width / 2 - 0.01)
    parts = [replace(wheel, corners=wheel.corners * scale + (x, outer, 0.0)) for x in places]
    return join(parts)


@lru_cache(maxsize=6)
def _near_wheel(side: int, rim: int) -> Faces:
    """A wheel of radius 1 that stands on the ground at the origin, its outer face at u = 0."""
    tone = 118 + 25 * rim
    parts = [
        _tread(side, 16),
        _disc(-0.08 * side, 1.17, (10, 10, 11), side, 16),
        _disc(0.0, 1.0, (24, 24, 25), side, 16),
        _disc(0.012 * side, 0.66, (tone, tone + 2, tone + 5), side, 16),
        *_gaps(0.024 * side, side, rim),
    ]
    return join(parts, ranks=[0] + [1] * (len(parts) - 1))


@lru_cache(maxsize=2)
def _far_wheel(side: int) -> Faces:
    parts = [
        _tread(side, 8),
        _disc(0.0, 1.05, (22, 22, 23), side, 8),
        _disc(0.012 * side, 0.6, (110, 112, 115), side, 8),
    ]
    return join(parts, ranks=[0, 1, 1])


def _circle(radius: float, y: float, num_sides: int) -> FloatArray:
    angle = np.linspace(0, 2 * np.pi, num_sides + 1)
    rim = np.column_stack(
        [radius * np.cos(angle), np.full(num_sides + 1, y), 1 + radius * np.sin(angle)]
    )
    rim[:, 2] = np.maximum(rim[:, 2], 0.0)
    return rim


def _disc(y: float, radius: float, color: npt.ArrayLike, side: int, num_sides: int) -> Faces:
    """Quadrilaterals around the middle, two sides of the polygon each."""
    rim = _circle(radius, y, num_sides)
    center = np.broadcast_to((0.0, y, 1.0), (num_sides // 2, 3))
    quads = np.stack([center, rim[:-1:2], rim[1::2], rim[2::2]], axis=1)
    return faces(quads[:, ::-1] if side > 0 else quads, color, gloss=0.1)


def _tread(side: int, num_sides: int) -> Faces:
    outer = _circle(1.0, 0.0, num_sides)
    inner = outer - (0, side * 0.6, 0)
    quads = np.stack([outer[:-1], outer[1:], inner[1:], inner[:-1]], axis=1)
    return faces(quads if side > 0 else quads[:, ::-1], (18, 18, 19))


def _gaps(y: float, side: int, rim: int) -> list[Faces]:
    count = 5 + 2 * rim
    parts = []
    for index in range(count):
        angle = 2 * np.pi * (index + np.array([0.2, 0.8, 0.66, 0.34])) / count
        reach = np.array([0.58, 0.58, 0.24, 0.24])
        quad = np.column_stack([reach * np.cos(angle), np.full(4, y), 1 + reach * np.sin(angle)])
        parts.append(faces(quad[::-1] if side > 0 else quad, (40, 40, 42)))
    return parts
