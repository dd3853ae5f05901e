"""Pictures for people: labels, anomaly energy, and both drawn on the camera image."""

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.contract.geometry import Box
from hopfield_pebal_ros.inference.detection import ColorOrder, Detection
from hopfield_pebal_ros.inference.region_marks import draw_region_marks

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
        label_alpha: share of the label's colour, 0..1; what the network did not see is as much
            darker.
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
    kept, added = _layers(detection, _ordered(palette_rgb, color_order), label_alpha)
    _add_glow(kept, added, detection, glow_alpha, color_order)
    box = detection.placement.camera_box
    size_wh = (box.width, box.height)
    under = cv2.multiply(box.of(image), cv2.resize(kept, size_wh), scale=1 / 255)
    picture = np.asarray(cv2.add(under, cv2.resize(added, size_wh), dst=under), np.uint8)
    if (box.height, box.width) != camera_hw:
        shown = picture
        picture = np.asarray(cv2.convertScaleAbs(image, alpha=1 - label_alpha), np.uint8)
        box.of(picture)[:] = shown
    draw_region_marks(picture, detection, max_boxes=max_boxes)
    return picture


def _layers(
    detection: Detection, palette: npt.NDArray[np.uint8], label_alpha: float
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """Return what the labels leave of the image, and what they add to it.

    Both at output size, where there are fewest pixels.

    Returns:
        (h, w, 3) uint8 share in 255ths, and (h, w, 3) uint8 colours, inside the padding.
    """
    labels = _seen_box(detection).of(detection.label_map)
    added = _colored(labels, np.rint(palette * label_alpha).astype(np.uint8))
    kept = np.full(added.shape, round(255 * (1 - label_alpha)), np.uint8)
    return kept, added


def _add_glow(
    kept: npt.NDArray[np.uint8],
    added: npt.NDArray[np.uint8],
    detection: Detection,
    glow_alpha: float,
    color_order: ColorOrder,
) -> None:
    """Lay heat colours over both layers where the energy is above the threshold, in place."""
    seen = _seen_box(detection)
    left, top, width, height = cv2.boundingRect(seen.of(detection.anomaly_mask))
    if not width:
        return
    hot = Box(top, left, height, width)
    is_anomalous = hot.of(seen.of(detection.anomaly_mask)) & 1
    excess = hot.of(seen.of(detection.energy_map)) - np.float32(detection.threshold)
    steps_per_energy = 255 / (_SCALES_SHOWN * detection.energy_scale)
    # fmax: NaN, where an ignore mask lies, does not glow
    steps = cv2.convertScaleAbs(np.fmax(excess, 0), alpha=steps_per_energy)
    levels = np.maximum(steps, is_anomalous)  # 0 is no glow
    alphas = np.linspace(0.5, 1, 256)[:, None] * glow_alpha
    alphas[0] = 0
    heat = _ordered(_gradient(_ABOVE_RGB, 256), color_order)
    heat_added = _colored(levels, np.rint(heat * alphas).astype(np.uint8))
    left_over = _colored(levels, np.repeat(np.rint((1 - alphas) * 255), 3, 1).astype(np.uint8))
    hot.of(kept)[:] = cv2.multiply(hot.of(kept), left_over, scale=1 / 255)
    under = cv2.multiply(hot.of(added), left_over, scale=1 / 255)
    hot.of(added)[:] = cv2.add(under, heat_added)


def _seen_box(detection: Detection) -> Box:
    mask = detection.anomaly_mask
    return detection.placement.box_in((mask.shape[0], mask.shape[1]))


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
