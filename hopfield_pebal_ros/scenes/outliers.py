"""Outlier objects: a random shape in a random pattern, in a street or on its own."""

import math
from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.contract.labels import OUTLIER_ID
from hopfield_pebal_ros.scenes.camera import Camera
from hopfield_pebal_ros.scenes.canvas import Layer, Patch, relit
from hopfield_pebal_ros.scenes.capsules import Capsules, draw_capsules
from hopfield_pebal_ros.scenes.light import LocalLight, random_light
from hopfield_pebal_ros.scenes.meshes import Faces, Pose, draw_solid
from hopfield_pebal_ros.scenes.outlier_shapes import Shape, random_shape
from hopfield_pebal_ros.scenes.outlier_textures import random_pattern
from hopfield_pebal_ros.scenes.textures import ByteImage, FloatImage
from hopfield_pebal_ros.scenes.view import View

MIN_SIZE_PX, MAX_SIZE_PX = 5, 600


@dataclass(frozen=True, eq=False)
class Outlier:
    """Something no class describes; `size_m` is its length, width and height."""

    shape: Shape
    pattern: FloatImage
    size_m: tuple[float, float, float]

    def draw(self, view: View, pose: Pose, light: LocalLight) -> list[Layer]:
        if isinstance(self.shape, Faces):
            patch = draw_solid(view, self.shape, pose, light=light, texture=self.pattern)
        else:
            patch = draw_capsules(view, self.shape, pose, light=light, texture=self.pattern)
        return [Layer(patch, OUTLIER_ID)] if patch else []


def random_outlier(rng: np.random.Generator, *, height_m: float | None = None) -> Outlier:
    """Draw an outlier; without a height it keeps its natural size (about 1 m)."""
    shape = random_shape(rng)
    pattern = random_pattern(rng)
    size = _size(shape)
    if height_m is not None:
        factor = height_m / max(size[2], 0.3 * max(size))
        shape = _scaled(shape, factor)
        size = size[0] * factor, size[1] * factor, size[2] * factor
    return Outlier(shape, pattern, size)


def draw_outlier(
    rng: np.random.Generator, size_px: int
) -> tuple[ByteImage, npt.NDArray[np.float32]]:
    """Draw one outlier on its own, to be pasted into another picture.

    Args:
        rng: decides shape, pattern, pose and light.
        size_px: larger side of the result, 5..600.

    Returns:
        image (h, w, 3) uint8 RGB, not multiplied by alpha, and alpha (h, w) float32 0..1.

    Raises:
        ValueError: the size is out of range.
    """
    if not MIN_SIZE_PX <= size_px <= MAX_SIZE_PX:
        raise ValueError(
            f'size_px must be {MIN_SIZE_PX}..{MAX_SIZE_PX} pixels, got {size_px}; '
            'draw the nearest size and resize the picture'
        )
    while True:
        patch = _drawn_alone(rng, size_px)
        if patch is not None:
            return _framed(patch, size_px)


def _drawn_alone(rng: np.random.Generator, size_px: int) -> Patch | None:
    outlier = random_outlier(rng)
    pose = Pose(6.0, float(rng.uniform(-1, 1)), float(rng.uniform(0, 2 * math.pi)))
    height = float(rng.uniform(0.8, 2.0))
    scene = random_light(rng)
    if scene.is_night:
        return None
    light = scene.local(6.0, sun_visible=float(rng.random() < 0.7))
    gain = scene.exposure * float(rng.uniform(0.8, 1.2))
    focal = size_px * 4.0
    for _ in range(2):  # the second time at the size the first one asks for
        frame = Camera(image_hw=(4096, 4096), focal_px=focal, height_m=height, pitch_rad=0.15)
        layers = outlier.draw(View(camera=frame, s_m=0.0, u_m=0.0), pose, light)
        if not layers:
            return None
        solid = np.argwhere(layers[0].patch.rgba[..., 3] > 127)
        if len(solid) < 3:
            return None
        focal *= size_px / max(np.ptp(solid, axis=0).max() + 1, 1)
    return relit(layers[0].patch, np.full(3, gain))


def _framed(patch: Patch, size_px: int) -> tuple[ByteImage, npt.NDArray[np.float32]]:
    """Cut to the object, bring the larger side to `size_px`, undo the multiplication by alpha."""
    rows, columns = np.nonzero(patch.rgba[..., 3] > 8)
    cut = patch.rgba[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    scale = size_px / max(cut.shape[:2])
    width, height = max(round(cut.shape[1] * scale), 1), max(round(cut.shape[0] * scale), 1)
    sized = np.asarray(
        cv2.resize(cut, (width, height), interpolation=cv2.INTER_AREA), dtype=np.uint8
    )
    alpha = np.asarray(sized[..., 3] / np.float32(255), dtype=np.float32)
    image = sized[..., :3] / np.maximum(alpha, 1 / 255)[..., None]
    return np.clip(image, 0, 255).astype(np.uint8), alpha


def _size(shape: Shape) -> tuple[float, float, float]:
    if isinstance(shape, Capsules):
        reach = shape.radii[..., None]
        low, high = (shape.ends - reach).min(axis=(0, 1)), (shape.ends + reach).max(axis=(0, 1))
    else:
        low, high = shape.corners.min(axis=(0, 1)), shape.corners.max(axis=(0, 1))
    length, width, _ = (high - low).tolist()
    return length, width, float(high[2])


def _scaled(shape: Shape, factor: float) -> Shape:
    if isinstance(shape, Capsules):
        return Capsules(shape.ends * factor, shape.radii * factor, shape.colors)
    return replace(shape, corners=shape.corners * factor)
