"""Flat parts that vehicles are dressed with: plates across, panels along, number plates."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.scenes.meshes import Faces, Pose, faces
from hopfield_pebal_ros.scenes.view import View

_PLATE_RGB = (222, 222, 212)
_INK_RGB = (60, 60, 64)


def plate(
    x: float,
    across: Sequence[float],
    heights: Sequence[float],
    *,
    color: npt.ArrayLike,
    front: bool = False,
    glow: float = 0.0,
    gloss: float = 0.25,
) -> Faces:
    """An upright rectangle across the vehicle, facing back, or forward if `front` [m]."""
    (left, right), (low, high) = across, heights
    quad = np.array([[x, left, low], [x, left, high], [x, right, high], [x, right, low]])
    return faces(quad[::-1] if front else quad, color, glow=glow, gloss=gloss)


def side_panel(
    y: float,
    along: Sequence[float],
    heights: Sequence[float],
    *,
    color: npt.ArrayLike,
    gloss: float = 0.0,
) -> Faces:
    """An upright rectangle along the vehicle; it faces away from its middle [m]."""
    (start, end), (low, high) = along, heights
    quad = np.array([[start, y, low], [start, y, high], [end, y, high], [end, y, low]])
    return faces(quad if y > 0 else quad[::-1], color, gloss=gloss)


def number_plate(x: float, low: float, *, front: bool) -> list[Faces]:
    """A white plate with a dark line of writing; `low` is its lower edge [m]."""
    out, rows = 0.004 if front else -0.004, (low + 0.035, low + 0.085)
    return [
        plate(x, (-0.26, 0.26), (low, low + 0.12), color=_PLATE_RGB, front=front),
        ranked(plate(x + out, (-0.21, 0.21), rows, color=_INK_RGB, front=front), 1),
    ]


def right_side_seen(view: View, pose: Pose) -> bool:
    """Whether the camera is on the object's right."""
    ahead, aside = pose.s - view.s_m, pose.u - view.u_m
    return bool(ahead * np.sin(pose.yaw) - aside * np.cos(pose.yaw) > 0)


def ranked(solid: Faces, rank: int) -> Faces:
    """Give all faces one rank."""
    return replace(solid, rank=np.full(len(solid.rank), rank, np.int8))


def lifted(solid: Faces, by: int) -> Faces:
    """Raise the ranks above 0, so that treads stay behind the body and rims before it."""
    return replace(solid, rank=(solid.rank + by * (solid.rank > 0)).astype(np.int8))
