"""Paste outlier objects into street frames so that the paste itself does not give them away."""

import math
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.contract.labels import CITYSCAPES, IGNORE_ID, OUTLIER_ID
from hopfield_pebal_ros.scenes.outliers import MAX_SIZE_PX, MIN_SIZE_PX, draw_outlier

_GROUND_IDS: Final = (CITYSCAPES.id_of('road'), CITYSCAPES.id_of('sidewalk'))

_FEWEST_GROUND_PIXELS: Final = 20

_OUTLIER_ALPHA: Final = 0.5
_UNTOUCHED_ALPHA: Final = 0.05
"""Between the two a pixel is part object, part scene, and is ignored."""


@dataclass(frozen=True, kw_only=True)
class OutlierExposure:
    """How many outlier objects are pasted, how large, and where."""

    most_objects: int = 4
    smallest_px: float = 5.0
    """Longer side, in pixels of the network input."""
    largest_px: float = 220.0
    on_ground_share: float = 0.6
    """Share of objects that stand on road or sidewalk; the others lie anywhere."""
    scene_texture_share: float = 0.4
    """Share of objects clad in a tinted piece of the picture (CutPaste, Li et al. 2021)."""

    def paste(
        self,
        image_rgb: npt.NDArray[np.uint8],
        label_map: npt.NDArray[np.uint8],
        rng: np.random.Generator,
        *,
        network_scale: float,
    ) -> None:
        """Paste 1 to `most_objects` objects, in place.

        The paste happens at the camera's own resolution; whatever the picture goes through after
        it (resizing, blur, noise, JPEG) treats object and scene alike.

        Args:
            image_rgb: (H, W, 3) uint8 RGB, written.
            label_map: (H, W) uint8 train ids, written: `OUTLIER_ID`, `IGNORE_ID` at soft edges.
            rng: source of every choice.
            network_scale: network pixels per pixel of `image_rgb`.
        """
        for _ in range(rng.integers(1, self.most_objects + 1)):
            size_network_px = np.exp(
                rng.uniform(np.log(self.smallest_px), np.log(self.largest_px))
            )
            object_rgb, alpha = _outlier(rng, round(size_network_px / network_scale))
            if rng.random() < self.scene_texture_share:
                object_rgb = _clad(object_rgb, image_rgb, rng)
            bottom, centre = self._place(label_map, rng)
            top, left = bottom - alpha.shape[0] + 1, centre - alpha.shape[1] // 2
            _blend(image_rgb, label_map, object_rgb, alpha, top=top, left=left, rng=rng)

    def _place(
        self, label_map: npt.NDArray[np.uint8], rng: np.random.Generator
    ) -> tuple[int, int]:
        """Return row and column of the pixel that the object stands on."""
        if rng.random() < self.on_ground_share:
            ground = np.flatnonzero(np.isin(label_map, _GROUND_IDS))
            if len(ground) >= _FEWEST_GROUND_PIXELS:
                row, column = divmod(int(rng.choice(ground)), label_map.shape[1])
                return row, column
        return int(rng.integers(label_map.shape[0])), int(rng.integers(label_map.shape[1]))


def _outlier(
    rng: np.random.Generator, size_px: int
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.float32]]:
    """Draw an object of any size >= 1; beyond what can be drawn it is resized."""
    drawn_px = min(max(size_px, MIN_SIZE_PX), MAX_SIZE_PX)
    object_rgb, alpha = draw_outlier(rng, drawn_px)
    if drawn_px == size_px:
        return object_rgb, alpha
    factor = max(size_px, 1) / drawn_px
    size_wh = (max(1, round(alpha.shape[1] * factor)), max(1, round(alpha.shape[0] * factor)))
    resized = cv2.resize(object_rgb, size_wh, interpolation=cv2.INTER_AREA)
    cover = cv2.resize(alpha, size_wh, interpolation=cv2.INTER_AREA)
    return np.asarray(resized, np.uint8), np.asarray(cover, np.float32)


def _blend(
    image_rgb: npt.NDArray[np.uint8],
    label_map: npt.NDArray[np.uint8],
    object_rgb: npt.NDArray[np.uint8],
    alpha: npt.NDArray[np.float32],
    *,
    top: int,
    left: int,
    rng: np.random.Generator,
) -> None:
    """Lay the object over the part of the picture it meets, as the same camera would see it."""
    blurred_rgb, blurred_alpha = _through_lens(object_rgb, alpha, sigma_px=rng.uniform(0.3, 1.3))
    height, width = label_map.shape
    rows = slice(max(top, 0), min(top + alpha.shape[0], height))
    columns = slice(max(left, 0), min(left + alpha.shape[1], width))
    if rows.start >= rows.stop or columns.start >= columns.stop:
        return
    inside = (
        slice(rows.start - top, rows.stop - top),
        slice(columns.start - left, columns.stop - left),
    )
    scene = image_rgb[rows, columns].astype(np.float32)
    seen_rgb, seen_alpha = blurred_rgb[inside], blurred_alpha[inside]
    lit = _lit_like(scene, seen_rgb, seen_alpha, share=rng.uniform(0, 0.7))
    noise = rng.normal(0, _noise_of(scene), lit.shape).astype(np.float32)
    cover = seen_alpha[..., None]
    mixed = scene * (1 - cover) + cover * (lit + noise)
    image_rgb[rows, columns] = np.clip(mixed, 0, 255).astype(np.uint8)
    labels = label_map[rows, columns]
    labels[seen_alpha > _UNTOUCHED_ALPHA] = IGNORE_ID
    labels[seen_alpha > _OUTLIER_ALPHA] = OUTLIER_ID


def _clad(
    object_rgb: npt.NDArray[np.uint8],
    image_rgb: npt.NDArray[np.uint8],
    rng: np.random.Generator,
) -> npt.NDArray[np.uint8]:
    """Give an object's shape and shading the texture of a random piece of the picture."""
    height, width = object_rgb.shape[:2]
    zoom = float(np.exp(rng.uniform(np.log(0.5), np.log(2))))
    piece_h = min(image_rgb.shape[0], max(2, round(height / zoom)))
    piece_w = min(image_rgb.shape[1], max(2, round(width / zoom)))
    top = int(rng.integers(image_rgb.shape[0] - piece_h + 1))
    left = int(rng.integers(image_rgb.shape[1] - piece_w + 1))
    piece = image_rgb[top : top + piece_h, left : left + piece_w][:: rng.choice((-1, 1))]
    texture = cv2.resize(np.ascontiguousarray(piece), (width, height)).astype(np.float32)
    brightness = object_rgb.mean(axis=2, keepdims=True, dtype=np.float32)
    shading = np.clip(brightness / max(float(brightness.mean()), 1.0), 0.4, 1.6)
    tint = rng.uniform(0.6, 1.4, 3) * np.exp(rng.uniform(-0.5, 0.5))
    return np.asarray(np.clip(texture * shading * tint, 0, 255), np.uint8)


def _through_lens(
    object_rgb: npt.NDArray[np.uint8], alpha: npt.NDArray[np.float32], *, sigma_px: float
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Blur colour and coverage together, colours weighted by coverage."""
    cover = np.asarray(cv2.GaussianBlur(alpha, (0, 0), sigma_px), np.float32)
    weighted = cv2.GaussianBlur(object_rgb * alpha[..., None], (0, 0), sigma_px)
    color = weighted / np.maximum(cover, 1e-3)[..., None]
    return np.asarray(color, np.float32), cover


def _lit_like(
    scene: npt.NDArray[np.float32],
    object_rgb: npt.NDArray[np.float32],
    alpha: npt.NDArray[np.float32],
    *,
    share: float,
) -> npt.NDArray[np.float32]:
    """Move the object's mean brightness towards the scene's by `share` of the difference."""
    brightness = float((object_rgb.mean(axis=2) * alpha).sum() / max(float(alpha.sum()), 1e-3))
    gain = 1 + share * (float(scene.mean()) / max(brightness, 1.0) - 1)
    return object_rgb * np.float32(np.clip(gain, 0.2, 3.0))


def _noise_of(scene: npt.NDArray[np.float32]) -> float:
    """Return the standard deviation of the scene's pixel noise, from its finest residuals."""
    grey = scene.mean(axis=2)
    if min(grey.shape) < 3:
        return 0.0
    residual = grey[1:-1, 1:-1] - 0.25 * (
        grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:]
    )
    # median of |x| is 0.6745 sigma; the residual has variance 1.25 sigma^2, grey a third of RGB's
    sigma = float(np.median(np.abs(residual))) / 0.6745 * math.sqrt(3 / 1.25)
    return min(sigma, 10.0)
