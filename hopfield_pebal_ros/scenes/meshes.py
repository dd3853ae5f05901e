"""Solids of flat faces: built from boxes, lofts and prisms, shaded, and drawn back to front."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.scenes.canvas import Patch
from hopfield_pebal_ros.scenes.light import LocalLight
from hopfield_pebal_ros.scenes.view import View

FloatArray = npt.NDArray[np.float64]

_MAX_SIDE_PX = 3000
"""A drawing larger than this is left out: it is about to leave the picture."""


@dataclass(frozen=True)
class Pose:
    """Where an object stands: place [m], heading [rad] (0 faces along s), gait phase [rad]."""

    s: float
    u: float
    yaw: float = 0.0
    phase: float = 0.0
    h: float = 0.0

    def to_road(self, points: FloatArray) -> FloatArray:
        """(N, 3) object axes (forward, right, up) to road coordinates."""
        sin, cos = np.sin(self.yaw), np.cos(self.yaw)
        turn = np.array([[cos, sin, 0], [-sin, cos, 0], [0, 0, 1]])
        return np.asarray(points @ turn + (self.s, self.u, self.h))


@dataclass(frozen=True)
class Faces:
    """Quadrilaterals in object axes; a triangle repeats its last corner.

    Attributes:
        corners: (F, 4, 3) [m]; the numeric cross product of the edges points outwards.
        colors: (F, 3) albedo 0..255.
        gloss: (F,) 0..1.
        glow: (F,) 0 lit by the scene .. 1 shines by itself.
        rank: (F,) int; a higher rank is drawn over a lower one, whatever the distance.
    """

    corners: FloatArray
    colors: FloatArray
    gloss: FloatArray
    glow: FloatArray
    rank: npt.NDArray[np.int8]


def join(parts: Sequence[Faces], *, ranks: Sequence[int] | None = None) -> Faces:
    """Put solids together; `ranks` gives each part a new rank."""
    rank = [each.rank for each in parts]
    if ranks is not None:
        rank = [np.full(len(each.rank), r, np.int8) for each, r in zip(parts, ranks, strict=True)]
    return Faces(
        np.concatenate([each.corners for each in parts]),
        np.concatenate([each.colors for each in parts]),
        np.concatenate([each.gloss for each in parts]),
        np.concatenate([each.glow for each in parts]),
        np.concatenate(rank),
    )


def faces(
    corners: npt.ArrayLike, color: npt.ArrayLike, *, gloss: float = 0.0, glow: float = 0.0
) -> Faces:
    """Build faces of one colour (3,) or one colour each (F, 3)."""
    points = np.asarray(corners, dtype=np.float64).reshape(-1, 4, 3)
    count = len(points)
    colors = np.empty((count, 3))
    colors[:] = color
    rank = np.zeros(count, np.int8)
    return Faces(points, colors, np.full(count, gloss), np.full(count, glow), rank)


def box(
    low: npt.ArrayLike, high: npt.ArrayLike, color: npt.ArrayLike, *, gloss: float = 0.0
) -> Faces:
    """Six faces between two corners (3,) in object axes."""
    (a, b, c), (d, e, f) = np.asarray(low, dtype=float), np.asarray(high, dtype=float)
    corners = [
        [[a, b, c], [a, b, f], [a, e, f], [a, e, c]],
        [[d, b, c], [d, e, c], [d, e, f], [d, b, f]],
        [[a, b, c], [d, b, c], [d, b, f], [a, b, f]],
        [[a, e, c], [a, e, f], [d, e, f], [d, e, c]],
        [[a, b, f], [d, b, f], [d, e, f], [a, e, f]],
        [[a, b, c], [a, e, c], [d, e, c], [d, b, c]],
    ]
    return faces(corners, color, gloss=gloss)


def outward_normals(corners: FloatArray) -> FloatArray:
    """Unit normals (F, 3) of (F, 4, 3), by the diagonals."""
    first, second = corners[:, 2] - corners[:, 0], corners[:, 3] - corners[:, 1]
    normals = (
        first[:, [1, 2, 0]] * second[:, [2, 0, 1]] - first[:, [2, 0, 1]] * second[:, [1, 2, 0]]
    )
    length = np.sqrt(np.einsum('ij,ij->i', normals, normals))
    return np.asarray(normals / np.maximum(length, 1e-12)[:, None])


def shaded_polygons(
    view: View, solid: Faces, pose: Pose, light: LocalLight
) -> tuple[FloatArray, FloatArray]:
    """Project, cull, shade and sort: pixels (F', 4, 2) and colours (F', 3), furthest first."""
    road = pose.to_road(solid.corners.reshape(-1, 3)).reshape(-1, 4, 3)
    normals = outward_normals(road)
    sight = road.mean(axis=1) - (view.s_m, view.u_m, view.camera.height_m)
    distance = np.sqrt(np.einsum('ij,ij->i', sight, sight))
    near = np.flatnonzero(np.einsum('ij,ij->i', sight, normals) < 0)
    order = near[np.lexsort((-distance[near], solid.rank[near]))]
    pixels, depth = view.project(road[order].reshape(-1, 3))
    safe = depth.reshape(-1, 4).min(axis=1) > 0.3
    order, pixels = order[safe], pixels.reshape(-1, 4, 2)[safe]
    sight = sight[order] / distance[order, None]
    colors, glow = solid.colors[order], solid.glow[order, None]
    lit = light.shade(colors, normals[order], sight=sight, gloss=solid.gloss[order])
    return pixels, lit * (1 - glow) + colors * glow


def fill(layers: list[tuple[FloatArray, FloatArray]]) -> Patch | None:
    """Draw polygons (F, K, 2) [px] of colours (F, 3), in order, as one soft-edged patch."""
    layers = [each for each in layers if len(each[0])]
    if not layers:
        return None
    low = np.min([pixels.reshape(-1, 2).min(axis=0) for pixels, _ in layers], axis=0)
    high = np.max([pixels.reshape(-1, 2).max(axis=0) for pixels, _ in layers], axis=0)
    x0, y0 = np.floor(low).astype(int) - 1
    width, height = np.ceil(high).astype(int) + 2 - (x0, y0)
    if max(width, height) > _MAX_SIDE_PX:
        return None
    side = max(width, height)
    finer = 4 if side < 48 else 3 if side < 110 else 2 if side < 420 else 1
    line = cv2.LINE_8 if finer > 1 else cv2.LINE_AA
    sheet = np.zeros((height * finer, width * finer, 4), np.uint8)
    for pixels, colors in layers:
        # a pixel's centre is a whole number before and after scaling
        points = (pixels - (x0, y0) + 0.5) * finer - 0.5
        fixed = np.round(points * 16).astype(np.int32)
        for polygon, color in zip(fixed, colors.tolist(), strict=True):
            cv2.fillConvexPoly(sheet, polygon, (*color, 255), line, 4)
    if finer > 1:
        sheet = cv2.resize(sheet, (int(width), int(height)), interpolation=cv2.INTER_AREA)
    return Patch(np.asarray(sheet, dtype=np.uint8), int(x0), int(y0))


def draw_solid(view: View, solid: Faces, pose: Pose, light: LocalLight) -> Patch | None:
    """One convex-enough solid as a patch; None where nothing is in view."""
    return fill([shaded_polygons(view, solid, pose, light)])
