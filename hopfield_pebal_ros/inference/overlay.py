"""Pictures for people: labels, anomaly energy, and both drawn on the camera image."""

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.contract.geometry import Box
from hopfield_pebal_ros.inference.detection import ColorOrder, Detection
from hopfield_pebal_ros.inference.region_marks import draw_region_marks
from hopfield_pebal_ros.inference.regions import box_at_camera

_SCALES_SHOWN: Final = 4
"""Colours span this many energy scales on either side of the threshold."""

_BELOW_RGB: Final = ((10, 12, 32), (28, 52, 96), (62, 118, 138), (168, 198, 190))
_ABOVE_RGB: Final = ((196, 30, 20), (240, 90, 10), (255, 180, 20), (255, 246, 150))
_NOT_SEEN_RGB: Final = (0, 0, 0)


def draw_labels(
    label_map: npt.NDArray[np.uint8],
    palette_rgb: npt.NDArray[np.uint8],
    *,
    color_order: ColorOrder = 'rgb',
) -> npt.NDArray[np.uint8]:
    """Return a label map (H, W) uint8 in the colours of a palette (256, 3): (H, W, 3) uint8."""
    return _colored(label_map, _ordered(palette_rgb, color_order))


def draw_energy(
    energy_map: npt.NDArray[np.float32],
    *,
    threshold: float,
    scale: float = 1.0,
    color_order: ColorOrder = 'rgb',
) -> npt.NDArray[np.uint8]:
    """Return an energy map (H, W) float32 in colours: (H, W, 3) uint8.

    Blue to pale up to the threshold, red to pale yellow above it, black where the energy is NaN.

    Args:
        energy_map: higher is more anomalous.
        threshold: where blue ends and red begins.
        scale: inlier standard deviation, in the unit of the energy; the colours span four of
            them on either side.
        color_order: of the returned picture.
    """
    steps = (energy_map - np.float32(threshold)) * np.float32(128 / (_SCALES_SHOWN * scale))
    not_seen = np.isnan(steps)
    steps[not_seen] = 0
    # rounded up, so that the least energy above the threshold is red already
    levels = np.clip(np.ceil(steps) + 127, 0, 255).astype(np.uint8)
    lookup_rgb = np.concatenate([_gradient(_BELOW_RGB, 128), _gradient(_ABOVE_RGB, 128)])
    picture = _colored(levels, _ordered(lookup_rgb, color_order))
    picture[not_seen] = _NOT_SEEN_RGB
    return picture


def draw_overlay(
    image: npt.NDArray[np.uint8],
    detection: Detection,
    palette_rgb: npt.NDArray[np.uint8],
    *,
    color_order: ColorOrder = 'rgb',
    label_alpha: float = 0.35,
    glow_alpha: float = 0.65,
    max_boxes: int = 12,
) -> npt.NDArray[np.uint8]:
    """Return the camera image with tinted labels, glowing anomalies and marked regions.

    Args:
        image: (H, W, 3) uint8, the image of the detection; not changed.
        detection: of this image.
        palette_rgb: (256, 3) uint8, from `LabelSet.palette_rgb`.
        color_order: of `image` and of the returned picture.
        label_alpha: share of the label's colour, 0..1.
        glow_alpha: share of the glow's colour where the energy is highest, 0..1.
        max_boxes: how many regions get a box and their energy written.

    Returns:
        (H, W, 3) uint8.

    Raises:
        ValueError: the image is not of the detection's camera size.
    """
    camera_hw = detection.placement.camera_hw
    if image.shape != (*camera_hw, 3):
        raise ValueError(
            f'image is {image.shape}, expected {(*camera_hw, 3)}; draw on the image that was '
            'detected on'
        )
    tint = draw_labels(detection.labels_at_camera(), palette_rgb, color_order=color_order)
    picture = np.asarray(
        cv2.addWeighted(image, 1 - label_alpha, tint, label_alpha, 0, dst=tint), np.uint8
    )
    _add_glow(picture, detection, glow_alpha, color_order)
    draw_region_marks(picture, detection, max_boxes=max_boxes)
    return picture


def _add_glow(
    picture: npt.NDArray[np.uint8],
    detection: Detection,
    glow_alpha: float,
    color_order: ColorOrder,
) -> None:
    """Blend heat colours into the picture where the energy is above the threshold, in place."""
    box = _anomalous_box(detection)
    if box is None:
        return
    steps_per_energy = 255 / (_SCALES_SHOWN * detection.energy_scale)
    excess = np.fmax(box.of(detection.energy_at_camera()) - np.float32(detection.threshold), 0)
    levels = cv2.convertScaleAbs(excess, alpha=steps_per_energy)  # 0 at the threshold, to 255
    alphas = np.linspace(0.5, 1, 256)[:, None] * glow_alpha
    alphas[0] = 0
    heat = _ordered(_gradient(_ABOVE_RGB, 256), color_order)
    kept = np.repeat(np.rint((1 - alphas) * 255), 3, axis=1).astype(np.uint8)
    under = cv2.multiply(box.of(picture), _colored(levels, kept), scale=1 / 255)
    cv2.add(under, _colored(levels, (heat * alphas).astype(np.uint8)), dst=box.of(picture))


def _anomalous_box(detection: Detection) -> Box | None:
    """Return the camera pixels around everything anomalous, a pixel of the output map wider."""
    mask = detection.anomaly_mask
    seen = detection.placement.box_in((mask.shape[0], mask.shape[1]))
    left, top, width, height = cv2.boundingRect(seen.of(mask))
    if not width:
        return None
    first_x, first_y = max(0, left - 1), max(0, top - 1)
    last_x, last_y = min(seen.width, left + width + 1), min(seen.height, top + height + 1)
    inner = Box(first_y, first_x, last_y - first_y, last_x - first_x)
    return box_at_camera(inner, detection.placement, seen)


def _gradient(anchors: tuple[tuple[int, int, int], ...], length: int) -> npt.NDArray[np.uint8]:
    """Return `length` colours (length, 3) uint8 that run evenly through the anchors."""
    at = np.linspace(0, len(anchors) - 1, length)
    channels = [np.interp(at, range(len(anchors)), channel) for channel in np.transpose(anchors)]
    return np.asarray(np.rint(np.stack(channels, axis=1)), np.uint8)


def _ordered(colors_rgb: npt.NDArray[np.uint8], color_order: ColorOrder) -> npt.NDArray[np.uint8]:
    return colors_rgb[:, ::-1] if color_order == 'bgr' else colors_rgb


def _colored(
    levels: npt.NDArray[np.uint8], lookup: npt.NDArray[np.uint8]
) -> npt.NDArray[np.uint8]:
    """Return levels (H, W) uint8 as the colours of a table (256, 3) uint8: (H, W, 3) uint8."""
    table = np.ascontiguousarray(lookup).reshape(256, 1, 3)
    return np.asarray(cv2.applyColorMap(levels, table), np.uint8)
