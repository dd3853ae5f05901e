"""Solids of flat faces: built from boxes, lofts and prisms, shaded, and drawn back to front."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.scenes.canvas import Patch, PixelBox, dressed, in_haze
from hopfield_pebal_ros.scenes.light import LocalLight
from hopfield_pebal_ros.scenes.textures import FloatImage
from hopfield_pebal_ros.scenes.view import View

FloatArray = npt.NDArray[np.float64]

_NEAR_M = 0.5
"""Solids are cut where they come nearer to the camera's plane than this."""


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
        return np.asarray(self.turned(points) + np.array([self.s, self.u, self.h]))

    def turned(self, directions: FloatArray) -> FloatArray:
        """(N, 3) directions from object axes to road axes."""
        sin, cos = math.sin(self.yaw), math.cos(self.yaw)
        return np.asarray(directions @ np.array([[cos, sin, 0], [-sin, cos, 0], [0, 0, 1]]))


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

    @cached_property
    def normals(self) -> FloatArray:
        """(F, 3) unit, object axes."""
        return outward_normals(self.corners)

    @cached_property
    def centers(self) -> FloatArray:
        """(F, 3) object axes."""
        return np.asarray(self.corners.mean(axis=1))


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


def draw_solid(
    view: View,
    solid: Faces,
    pose: Pose,
    *,
    light: LocalLight,
    texture: FloatImage | None = None,
) -> Patch | None:
    """Draw a solid: by rank, then furthest first; None where nothing is in the picture.

    Args:
        view: the camera.
        solid: what to draw.
        pose: where it stands.
        light: on it.
        texture: (h, w, 3) colour factor stretched over the whole drawing.
    """
    normals = pose.turned(solid.normals)
    sight = pose.to_road(solid.centers) - (view.s_m, view.u_m, view.camera.height_m)
    distance = np.sqrt(np.einsum('ij,ij->i', sight, sight))
    near = np.flatnonzero(np.einsum('ij,ij->i', sight, normals) < 0)
    order = near[np.lexsort((-distance[near], solid.rank[near]))]
    colors, glow = solid.colors[order], solid.glow[order, None]
    lit = light.shade(
        colors,
        normals[order],
        sight=sight[order] / distance[order, None],
        gloss=solid.gloss[order],
    )
    colors = lit * (1 - glow) + colors * glow
    if texture is None:
        colors = light.veiled(colors)
    road = pose.to_road(solid.corners[order].reshape(-1, 3)).reshape(-1, 4, 3)
    polygons = _pixels(view, road)
    is_left = ~np.isnan(polygons[:, 0, 0])
    box, patch = _fill(polygons[is_left], colors[is_left], view.camera.image_hw)
    if patch is None or texture is None:
        return patch
    return in_haze(dressed(patch, texture, box), light.haze, light.scene.horizon_rgb)


def _pixels(view: View, quads: FloatArray) -> FloatArray:
    """Project (F, 4, 3) to (F, 4 or 5, 2), cut at the near plane; nan where nothing is left."""
    points = view.to_camera(quads.reshape(-1, 3)) @ view.camera.rotation.T
    pixels = view.camera.project(points, is_rotated=True)[0].reshape(-1, 4, 2)
    points = points.reshape(-1, 4, 3)
    reaches_behind = np.flatnonzero(points[..., 2].min(axis=1) < _NEAR_M)
    if not len(reaches_behind):
        return pixels
    pixels = np.concatenate([pixels, pixels[:, 3:]], axis=1)
    for index in reaches_behind:
        kept = _cut_near(points[index])
        if not len(kept):
            pixels[index] = np.nan
            continue
        kept = np.concatenate([kept, np.repeat(kept[-1:], 5 - len(kept), axis=0)])
        pixels[index] = view.camera.project(kept, is_rotated=True)[0]
    return pixels


def _cut_near(polygon: FloatArray) -> FloatArray:
    """Keep the part of (K, 3) with z >= the near plane (Sutherland and Hodgman)."""
    kept = []
    for first, second in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
        if first[2] >= _NEAR_M:
            kept.append(first)
        if (first[2] >= _NEAR_M) != (second[2] >= _NEAR_M):
            kept.append(first + (second - first) * (_NEAR_M - first[2]) / (second[2] - first[2]))
    return np.array(kept).reshape(-1, 3)


def _fill(
    polygons: FloatArray, colors: FloatArray, image_hw: tuple[int, int]
) -> tuple[PixelBox, Patch | None]:
    """Draw polygons (F, K, 2) [px] of colours (F, 3), in order, as one soft-edged patch."""
    if not len(polygons):
        return PixelBox(0, 0, 0, 0), None
    box = PixelBox.around(polygons.min(axis=(0, 1)), polygons.max(axis=(0, 1)))
    part = box.within(image_hw)
    if part is None:
        return box, None
    side = max(part.width, part.height)
    finer = 4 if side < 48 else 3 if side < 110 else 2 if side < 420 else 1
    line = cv2.LINE_8 if finer > 1 else cv2.LINE_AA
    sheet = np.zeros((part.height * finer, part.width * finer, 4), np.uint8)
    # a pixel's centre is a whole number before and after scaling
    points = (polygons - (part.x0, part.y0) + 0.5) * finer - 0.5
    fixed = np.round(np.clip(points, -20000, 20000) * 16).astype(np.int32)
    for polygon, (red, green, blue) in zip(fixed, colors.tolist(), strict=True):
        cv2.fillConvexPoly(sheet, polygon, (red, green, blue, 255), line, 4)
    if finer > 1:
        size = part.width, part.height
        sheet = np.asarray(cv2.resize(sheet, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    return box, Patch(sheet, part.x0, part.y0)
