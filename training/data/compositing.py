"""Lay an object over a scene so that the paste itself does not give it away."""

import math
from dataclasses import replace
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.contract.labels import IGNORE_ID, OUTLIER_ID
from training.data.outliers.cut_out import CutOut

_OUTLIER_ALPHA: Final = 0.5
_UNTOUCHED_ALPHA: Final = 0.05
"""Between the two a pixel is part object, part scene, and is ignored."""

_SHARPEST_SIGMA_PX: Final = 0.1  # less is no blur at all
_COLOR_MATCH: Final = (0.4, 1.0)
"""Share of the way to the colours of the place."""

_CHANCE_GAIN: Final = (0.7, 1.3)
_CHANCE_OFFSET: Final = (-25.0, 25.0)
_CHANCE_SATURATION: Final = (0.5, 1.3)

_MOST_BLUR: Final = 0.2
"""Sigma by the object's shorter side."""


def blend(
    image_rgb: npt.NDArray[np.uint8],
    label_map: npt.NDArray[np.uint8],
    cut_out: CutOut,
    *,
    top: int,
    left: int,
    is_color_matched: bool,
    is_lit_by_place: bool = True,
    rng: np.random.Generator,
) -> None:
    """Lay the object over the part of the picture it meets.

    Args:
        image_rgb: (H, W, 3) uint8 RGB, written.
        label_map: (H, W) uint8 train ids, written: that of the object, `IGNORE_ID` at soft edges.
        cut_out: the object, at its final size.
        top: row of its first row; any number.
        left: column of its first column; any number.
        is_color_matched: whether it takes on the colours of its place.
        is_lit_by_place: whether it takes on brightness and noise of its place, or gets any light.
        rng: source of every choice.
    """
    height, width = label_map.shape
    rows = slice(max(top, 0), min(top + cut_out.alpha.shape[0], height))
    columns = slice(max(left, 0), min(left + cut_out.alpha.shape[1], width))
    if rows.start >= rows.stop or columns.start >= columns.stop:
        return
    inside = (
        slice(rows.start - top, rows.stop - top),
        slice(columns.start - left, columns.stop - left),
    )
    scene = image_rgb[rows, columns].astype(np.float32)
    alpha = cut_out.alpha[inside]
    seen = cut_out.rgb[inside].astype(np.float32)
    if not is_lit_by_place:
        seen = _in_any_light(seen, rng)
    if is_color_matched:
        seen = _colored_like(scene, seen, alpha, share=rng.uniform(*_COLOR_MATCH))
    if is_lit_by_place:
        seen = _lit_like(scene, seen, alpha, share=rng.uniform(0, 0.7))
        seen += rng.standard_normal(seen.shape, np.float32) * np.float32(noise_of(scene))
    cover = alpha[..., None]
    mixed = scene * (1 - cover) + cover * seen.clip(0, 255)
    image_rgb[rows, columns] = np.clip(mixed, 0, 255).astype(np.uint8)
    labels = label_map[rows, columns]
    labels[alpha > _UNTOUCHED_ALPHA] = IGNORE_ID
    labels[alpha > _OUTLIER_ALPHA] = cut_out.train_id


def black_out(
    image_rgb: npt.NDArray[np.uint8],
    label_map: npt.NDArray[np.uint8],
    color_rgb: npt.NDArray[np.uint8],
) -> None:
    """Paint and ignore everything that is not marked as an outlier, in place."""
    scene = label_map != OUTLIER_ID
    image_rgb[scene] = color_rgb
    label_map[scene] = IGNORE_ID


def resized(cut_out: CutOut, factor: float) -> CutOut:
    """Return the object `factor` times as large, at least one pixel."""
    height, width = cut_out.alpha.shape
    size_wh = (max(1, round(width * factor)), max(1, round(height * factor)))
    if size_wh == (width, height):
        return cut_out
    interpolation = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    rgb = cv2.resize(cut_out.rgb, size_wh, interpolation=interpolation)
    alpha = cv2.resize(cut_out.alpha, size_wh, interpolation=interpolation)
    return replace(cut_out, rgb=np.asarray(rgb, np.uint8), alpha=np.asarray(alpha, np.float32))


def clad(cut_out: CutOut, image_rgb: npt.NDArray[np.uint8], rng: np.random.Generator) -> CutOut:
    """Give an object's shape and shading the texture of a random piece of the picture."""
    height, width = cut_out.alpha.shape
    zoom = float(np.exp(rng.uniform(np.log(0.5), np.log(2))))
    piece_h = min(image_rgb.shape[0], max(2, round(height / zoom)))
    piece_w = min(image_rgb.shape[1], max(2, round(width / zoom)))
    top = int(rng.integers(image_rgb.shape[0] - piece_h + 1))
    left = int(rng.integers(image_rgb.shape[1] - piece_w + 1))
    piece = image_rgb[top : top + piece_h, left : left + piece_w][:: rng.choice((-1, 1))]
    texture = cv2.resize(np.ascontiguousarray(piece), (width, height)).astype(np.float32)
    brightness = cut_out.rgb.mean(axis=2, keepdims=True, dtype=np.float32)
    shading = np.clip(brightness / max(float(brightness.mean()), 1.0), 0.4, 1.6)
    tint = rng.uniform(0.6, 1.4, 3) * np.exp(rng.uniform(-0.5, 0.5))
    return replace(cut_out, rgb=np.clip(texture * shading * tint, 0, 255).astype(np.uint8))


def softened(cut_out: CutOut, *, sigma_px: float, is_blurred: bool) -> CutOut:
    """Blur the border, and where `is_blurred` the inside, colours weighted by coverage.

    Colours of the border come from the inside: a photograph has its own surroundings there. The
    result is larger by the same margin on every side. Small objects are blurred less, so that
    something of them is left.
    """
    sigma_px = min(sigma_px, _MOST_BLUR * min(cut_out.alpha.shape))
    if sigma_px < _SHARPEST_SIGMA_PX:
        return cut_out
    margin = math.ceil(3 * sigma_px)
    around = (margin, margin), (margin, margin)
    alpha, rgb = np.pad(cut_out.alpha, around), np.pad(cut_out.rgb, (*around, (0, 0)))
    cover = np.asarray(cv2.GaussianBlur(alpha, (0, 0), sigma_px), np.float32)
    weighted = cv2.GaussianBlur(rgb * alpha[..., None], (0, 0), sigma_px)
    color = weighted / np.maximum(cover, 1e-3)[..., None]
    if not is_blurred:
        color = np.where(alpha[..., None] > _OUTLIER_ALPHA, rgb, color)
    return replace(cut_out, rgb=np.rint(np.clip(color, 0, 255)).astype(np.uint8), alpha=cover)


def recolored(
    image_rgb: npt.NDArray[np.uint8], model_rgb: npt.NDArray[np.uint8], *, share: float
) -> npt.NDArray[np.uint8]:
    """Move mean and deviation of each channel in CIELAB towards those of another picture.

    Args:
        image_rgb: (H, W, 3) uint8 RGB.
        model_rgb: the same of any size.
        share: how far, 0..1.
    """
    image, model = _lab(image_rgb), _lab(model_rgb)
    mean, model_mean = image.mean(axis=(0, 1)), model.mean(axis=(0, 1))
    contrast = (model.std(axis=(0, 1)) + 1) / (image.std(axis=(0, 1)) + 1)
    moved = (image - mean) * np.clip(contrast, 0.5, 2) ** share
    moved += mean + share * (model_mean - mean)
    moved[..., 0] = moved[..., 0].clip(0, 100)
    rgb = cv2.cvtColor(moved.astype(np.float32), cv2.COLOR_LAB2RGB)
    return np.asarray(np.rint(np.clip(rgb, 0, 1) * 255), np.uint8)


def with_turned_hue(cut_out: CutOut, *, degrees: float) -> CutOut:
    """Return the object in colours turned around the circle of hues."""
    hsv = cv2.cvtColor(cut_out.rgb.astype(np.float32), cv2.COLOR_RGB2HSV)
    hsv[..., 0] = (hsv[..., 0] + degrees) % 360
    rgb = cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)
    return replace(cut_out, rgb=np.asarray(np.rint(np.clip(rgb, 0, 255)), np.uint8))


def _lab(image_rgb: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    lab = cv2.cvtColor(image_rgb.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    return np.asarray(lab, np.float32)


def _colored_like(
    scene: npt.NDArray[np.float32],
    object_rgb: npt.NDArray[np.float32],
    alpha: npt.NDArray[np.float32],
    *,
    share: float,
) -> npt.NDArray[np.float32]:
    """Move mean and deviation of each channel towards the scene's (Reinhard et al. 2001)."""
    weight = (alpha / max(float(alpha.sum()), 1e-3))[..., None]
    mean = (object_rgb * weight).sum(axis=(0, 1))
    deviation = np.sqrt((np.square(object_rgb - mean) * weight).sum(axis=(0, 1)))
    # a flat scene must not flatten the object, nor a busy one blow up its noise
    contrast = np.clip(scene.std(axis=(0, 1)) / np.maximum(deviation, 1.0), 0.5, 1.5)
    moved = mean + share * (scene.mean(axis=(0, 1)) - mean)
    return np.asarray((object_rgb - mean) * contrast**share + moved, np.float32)


def _in_any_light(
    object_rgb: npt.NDArray[np.float32], rng: np.random.Generator
) -> npt.NDArray[np.float32]:
    lit = object_rgb * rng.uniform(*_CHANCE_GAIN) + rng.uniform(*_CHANCE_OFFSET)
    grey = lit.mean(axis=2, keepdims=True)
    return np.asarray(grey + (lit - grey) * rng.uniform(*_CHANCE_SATURATION), np.float32)


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


def noise_of(scene: npt.NDArray[np.float32]) -> float:
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
