"""Draw anomaly regions on a picture: their outline, their box and their peak energy."""

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.contract.geometry import Box
from hopfield_pebal_ros.inference.detection import Detection
from hopfield_pebal_ros.inference.regions import Region, box_at_camera

_BRIGHT: Final = (255, 255, 255)
_DARK: Final = (20, 20, 20)
_FONT: Final = cv2.FONT_HERSHEY_SIMPLEX
_SUBPIXEL_BITS: Final = 4


def draw_region_marks(
    picture: npt.NDArray[np.uint8], detection: Detection, *, max_boxes: int
) -> None:
    """Mark the regions of a detection on its camera picture (H, W, 3) uint8, in place.

    Every listed region gets an outline; the `max_boxes` with the largest peak energy also get a
    box and the energy.
    """
    width_px = max(1, round(picture.shape[1] / 900))
    outlines = region_outlines(detection)
    for color, thickness in ((_DARK, width_px + 2), (_BRIGHT, width_px)):
        cv2.polylines(picture, outlines, True, color, thickness, cv2.LINE_AA, shift=_SUBPIXEL_BITS)
    for region in reversed(detection.regions[:max_boxes]):  # the worst is drawn on top
        _draw_box(picture, region, width_px)


def region_outlines(detection: Detection) -> list[npt.NDArray[np.int32]]:
    """Return the outer outline of each listed region.

    Returns:
        Each (P, 1, 2) int32 x, y in sixteenths of a camera pixel, through pixel centres of the
        output map.
    """
    seen = detection.placement.box_in(_hw(detection.anomaly_mask))
    contours = cv2.findContours(
        np.ascontiguousarray(seen.of(detection.anomaly_mask)),
        cv2.RETR_EXTERNAL,
        cv2.CHAIN_APPROX_SIMPLE,
    )[0]
    listed = {(each.top, each.left, each.height, each.width) for each in detection.regions}
    camera = detection.placement.camera_box
    scale_xy = np.array([camera.width / seen.width, camera.height / seen.height])
    outlines = []
    for contour in contours:
        left, top, width, height = cv2.boundingRect(contour)
        box = box_at_camera(Box(top, left, height, width), detection.placement, seen)
        if (box.top, box.left, box.height, box.width) in listed:
            points = (contour + 0.5) * scale_xy + (camera.left, camera.top) - 0.5
            outlines.append(np.rint(points * 2**_SUBPIXEL_BITS).astype(np.int32))
    return outlines


def _draw_box(picture: npt.NDArray[np.uint8], region: Region, width_px: int) -> None:
    corner = (region.left, region.top)
    opposite = (region.left + region.width - 1, region.top + region.height - 1)
    cv2.rectangle(picture, corner, opposite, _BRIGHT, width_px)
    _draw_tag(picture, f'{region.max_energy:.1f}', corner)


def _draw_tag(picture: npt.NDArray[np.uint8], text: str, corner_xy: Sequence[int]) -> None:
    """Write `text` on a dark ground above the corner, or inside where there is no room."""
    height, width = picture.shape[:2]
    font_scale = max(0.4, width / 2400)
    thickness = max(1, round(width / 1100))
    (text_width, text_height), _ = cv2.getTextSize(text, _FONT, font_scale, thickness)
    pad = max(2, text_height // 3)
    tag_hw = (text_height + 2 * pad, text_width + 2 * pad)
    left = min(max(0, corner_xy[0]), max(0, width - tag_hw[1]))
    above = corner_xy[1] - tag_hw[0]
    top = above if above >= 0 else min(corner_xy[1], max(0, height - tag_hw[0]))
    cv2.rectangle(picture, (left, top), (left + tag_hw[1], top + tag_hw[0]), _DARK, cv2.FILLED)
    origin = (left + pad, top + pad + text_height)
    cv2.putText(picture, text, origin, _FONT, font_scale, _BRIGHT, thickness, cv2.LINE_AA)


def _hw(image: npt.NDArray[np.uint8]) -> tuple[int, int]:
    return image.shape[0], image.shape[1]
