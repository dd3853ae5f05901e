"""An anomaly mask's connected regions, in camera pixels, with their energies."""

from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.contract.geometry import Box, Placement

_CONTACT_ROWS: Final = 3
"""Labels are uncertain right at the border of an object; output pixels."""


@dataclass(frozen=True)
class Region:
    """Anomalous pixels that touch, at a side or a corner; lengths in camera pixels."""

    left: int
    top: int
    width: int
    height: int
    area_px: int
    mean_energy: float
    max_energy: float
    center_xy: tuple[float, float]
    """Mean place of its pixels; (0.5, 0.5) is the middle of the top left pixel."""


def find_regions(
    anomaly_mask: npt.NDArray[np.uint8],
    energy_map: npt.NDArray[np.float32],
    placement: Placement,
    *,
    min_area_px: int,
    ground: npt.NDArray[np.uint8] | None = None,
) -> tuple[Region, ...]:
    """Find the regions of a mask in one pass, those with the largest peak energy first.

    Args:
        anomaly_mask: (h, w) uint8 of network output size, not 0 where anomalous; padding is
            left out.
        energy_map: (h, w) float32.
        placement: where the camera frame lies in the network input.
        min_area_px: smaller regions are left out; camera pixels.
        ground: (h, w) uint8, 1 on the ground that regions must stand on; None lists all.
    """
    seen = placement.box_in((anomaly_mask.shape[0], anomaly_mask.shape[1]))
    mask = seen.of(anomaly_mask)
    left, top, width, height = cv2.boundingRect(mask)
    if not width:
        return ()
    bounds = Box(top, left, height, width)  # anomalies are few: most of the map is left out
    count, component_map, stats, centroids = cv2.connectedComponentsWithStats(bounds.of(mask))
    means, peaks = _energies(component_map, bounds.of(seen.of(energy_map)), count)
    areas_px = np.rint(stats[:, cv2.CC_STAT_AREA] * _camera_px_per_pixel(placement, seen))
    regions = []
    for each in range(1, count):  # component 0 is the background
        if areas_px[each] < min_area_px:
            continue
        x, y, columns, rows = (int(value) for value in stats[each, :4])
        if ground is not None and not _stands_on(
            seen.of(ground), top + y + rows, left + x, columns
        ):
            continue
        camera_box = box_at_camera(Box(top + y, left + x, rows, columns), placement, seen)
        center_x, center_y = centroids[each] + 0.5
        regions.append(
            Region(
                left=camera_box.left,
                top=camera_box.top,
                width=camera_box.width,
                height=camera_box.height,
                area_px=int(areas_px[each]),
                mean_energy=float(means[each]),
                max_energy=float(peaks[each]),
                center_xy=_point_at_camera((left + center_x, top + center_y), placement, seen),
            )
        )
    # ties keep one order: from top to bottom, then left to right
    return tuple(sorted(regions, key=lambda each: (-each.max_energy, each.top, each.left)))


def _stands_on(ground: npt.NDArray[np.uint8], bottom: int, left: int, width: int) -> bool:
    """Tell whether most pixels just below a box (at the edge: its last row) are ground."""
    rows = slice(min(bottom, len(ground) - 1), bottom + _CONTACT_ROWS)
    return bool(ground[rows, left : left + width].mean() >= 0.5)


def box_at_camera(inner: Box, placement: Placement, seen: Box) -> Box:
    """Return the camera pixels that a box of output pixels touches.

    Args:
        inner: counted from the corner of `seen`, inside it.
        placement: where the camera frame lies in the network input.
        seen: where the camera's pixels lie in the output map.
    """
    camera = placement.camera_box
    left = inner.left * camera.width // seen.width
    top = inner.top * camera.height // seen.height
    right = _ceil_div((inner.left + inner.width) * camera.width, seen.width)
    bottom = _ceil_div((inner.top + inner.height) * camera.height, seen.height)
    return Box(camera.top + top, camera.left + left, bottom - top, right - left)


def _ceil_div(numerator: int, denominator: int) -> int:
    return -(-numerator // denominator)


def _point_at_camera(
    point_xy: tuple[float, float], placement: Placement, seen: Box
) -> tuple[float, float]:
    camera = placement.camera_box
    return (
        camera.left + float(point_xy[0]) * camera.width / seen.width,
        camera.top + float(point_xy[1]) * camera.height / seen.height,
    )


def _camera_px_per_pixel(placement: Placement, seen: Box) -> float:
    camera = placement.camera_box
    return camera.height * camera.width / (seen.height * seen.width)


def _energies(
    component_map: npt.NDArray[Any], energies: npt.NDArray[np.float32], count: int
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float32]]:
    """Return the mean and the largest energy of each component, the background's set aside."""
    inside = component_map > 0
    components = component_map[inside]
    values = energies[inside]
    sizes = np.bincount(components, minlength=count)
    sums = np.bincount(components, weights=values, minlength=count)
    peaks = np.full(count, -np.inf, np.float32)
    np.maximum.at(peaks, components, values)
    return sums / np.maximum(sizes, 1), peaks
