"""Wheels of cars, lorries and buses: arch, tyre, rim and the gaps between its spokes."""

from dataclasses import replace
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.scenes.meshes import Faces, faces, join

FloatArray = npt.NDArray[np.float64]

_NUM_SIDES = 16


def wheels(
    size_m: tuple[float, float, float], *, side: int, rim: int, radius_m: float = 0.33
) -> Faces:
    """Both wheels of one side of a vehicle: rank 0 the treads, rank 1 what shows on its side.

    Args:
        size_m: length, width, height of the vehicle.
        side: 1 right, -1 left.
        rim: 0..2, which look.
        radius_m: of the tyre.
    """
    length, width, _ = size_m
    wheel = _unit_wheel(side, rim)
    scale = np.array([radius_m, radius_m, radius_m])
    places = (-0.31 * length, 0.325 * length)
    outer = side * (width / 2 - 0.01)
    parts = [replace(wheel, corners=wheel.corners * scale + (x, outer, 0.0)) for x in places]
    return join(parts)


@lru_cache(maxsize=6)
def _unit_wheel(side: int, rim: int) -> Faces:
    """A wheel of radius 1 that stands on the ground at the origin, its outer face at u = 0."""
    tone = 118 + 25 * rim
    return join(
        [
            _tread(side),
            _disc(-0.08 * side, 1.17, (10, 10, 11), side),
            _disc(0.0, 1.0, (24, 24, 25), side),
            _disc(0.012 * side, 0.66, (tone, tone + 2, tone + 5), side),
            *_gaps(0.024 * side, side, rim),
        ],
        ranks=[0, *(1 for _ in range(8 + 2 * rim))],
    )


def _circle(radius: float, y: float) -> FloatArray:
    angle = np.linspace(0, 2 * np.pi, _NUM_SIDES + 1)
    rim = np.column_stack(
        [radius * np.cos(angle), np.full(_NUM_SIDES + 1, y), 1 + radius * np.sin(angle)]
    )
    rim[:, 2] = np.maximum(rim[:, 2], 0.0)
    return rim


def _disc(y: float, radius: float, color: npt.ArrayLike, side: int) -> Faces:
    rim = _circle(radius, y)
    center = np.broadcast_to((0.0, y, 1.0), (_NUM_SIDES, 3))
    quads = np.stack([center, rim[:-1], rim[1:], rim[1:]], axis=1)
    return faces(quads[:, ::-1] if side > 0 else quads, color, gloss=0.1)


def _tread(side: int) -> Faces:
    outer = _circle(1.0, 0.0)
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
