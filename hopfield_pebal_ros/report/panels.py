"""The pictures of one frame, side by side: camera, labels, energy and regions."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.inference.overlay import draw_energy, draw_labels
from hopfield_pebal_ros.report.chart import data_uri
from hopfield_pebal_ros.report.page import Picture

Rgb = npt.NDArray[np.uint8]

_PAPER: Final = (255, 255, 255)
_INK: Final = (34, 48, 60)
_CAPTION_PX: Final = 26
_GAP_PX: Final = 8
_JPEG_QUALITY: Final = 88


@dataclass(frozen=True, eq=False)
class Panel:
    """One picture and what it shows."""

    caption: str
    image_rgb: Rgb
    """(H, W, 3) uint8."""


def frame_panels(
    image_rgb: Rgb,
    *,
    label_map: npt.NDArray[np.uint8],
    energy_map: npt.NDArray[np.float32],
    regions_rgb: Rgb,
    palette_rgb: npt.NDArray[np.uint8],
    threshold: float,
    energy_scale: float,
    outlier_truth: npt.NDArray[np.bool_] | None = None,
) -> tuple[Panel, ...]:
    """Return the four panels of a frame; all arrays are of camera size.

    Args:
        image_rgb: (H, W, 3) uint8, the camera image.
        label_map: (H, W) uint8 class ids.
        energy_map: (H, W) float32, NaN where the network saw nothing.
        regions_rgb: (H, W, 3) uint8, as `inference.overlay.draw_overlay` draws it.
        palette_rgb: (256, 3) uint8, from `LabelSet.palette_rgb`.
        threshold: energy above which a pixel is anomalous.
        energy_scale: inlier standard deviation, in the unit of the energy.
        outlier_truth: (H, W) bool, true outliers, which are outlined on the energy.
    """
    energy_rgb = draw_energy(energy_map, threshold=threshold, scale=energy_scale)
    energy_caption = 'anomaly energy'
    if outlier_truth is not None and outlier_truth.any():
        energy_rgb = outline(energy_rgb, outlier_truth)
        energy_caption = 'anomaly energy, true outliers outlined'
    return (
        Panel('camera', image_rgb),
        Panel('labels', draw_labels(label_map, palette_rgb)),
        Panel(energy_caption, energy_rgb),
        Panel('anomaly regions', regions_rgb),
    )


def outline(image_rgb: Rgb, mask: npt.NDArray[np.bool_]) -> Rgb:
    """Return a copy with the outlines of a mask (H, W) bool, white on dark so as to be seen."""
    picture = image_rgb.copy()
    contours = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)[
        0
    ]
    width_px = max(1, round(image_rgb.shape[1] / 640))
    cv2.drawContours(picture, contours, -1, (0, 0, 0), 3 * width_px, cv2.LINE_AA)
    cv2.drawContours(picture, contours, -1, (255, 255, 255), width_px, cv2.LINE_AA)
    return picture


def to_picture(panel: Panel, *, width_px: int = 720) -> Picture:
    """Return a panel as a JPEG inside a page, no wider than `width_px`."""
    image_rgb = fit_width(panel.image_rgb, width_px)
    image_bgr = cv2.cvtColor(image_rgb, cv2.COLOR_RGB2BGR)
    _, content = cv2.imencode('.jpg', image_bgr, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    return Picture(data_uri=data_uri('image/jpeg', content.tobytes()), caption=panel.caption)


def contact_sheet(panels: Sequence[Panel], *, width_px: int = 640, columns: int = 2) -> Rgb:
    """Return the panels in rows of `columns`, each `width_px` wide under its caption.

    Returns:
        (H, W, 3) uint8.
    """
    cells = [_captioned(fit_width(panel.image_rgb, width_px), panel.caption) for panel in panels]
    height = max(cell.shape[0] for cell in cells)
    width = max(cell.shape[1] for cell in cells)
    num_rows = -(-len(cells) // columns)
    sheet = np.full(
        (num_rows * (height + _GAP_PX) + _GAP_PX, columns * (width + _GAP_PX) + _GAP_PX, 3),
        _PAPER,
        np.uint8,
    )
    for index, cell in enumerate(cells):
        top = _GAP_PX + index // columns * (height + _GAP_PX)
        left = _GAP_PX + index % columns * (width + _GAP_PX)
        sheet[top : top + cell.shape[0], left : left + cell.shape[1]] = cell
    return sheet


def fit_width(image_rgb: Rgb, width_px: int) -> Rgb:
    """Return the image, made smaller where it is wider than `width_px`."""
    height, width = image_rgb.shape[:2]
    if width <= width_px:
        return image_rgb
    size_wh = (width_px, max(1, round(height * width_px / width)))
    return np.asarray(cv2.resize(image_rgb, size_wh, interpolation=cv2.INTER_AREA), np.uint8)


def _captioned(image_rgb: Rgb, caption: str) -> Rgb:
    strip = np.full((_CAPTION_PX, image_rgb.shape[1], 3), _PAPER, np.uint8)
    place = (2, _CAPTION_PX - 9)
    cv2.putText(strip, caption, place, cv2.FONT_HERSHEY_SIMPLEX, 0.5, _INK, 1, cv2.LINE_AA)
    return np.concatenate([strip, image_rgb])
