"""CameraInfo for the image itself, and for the network's output map; duck-typed, no ROS."""

import copy
from typing import Any

import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.contract.geometry import Box, Placement

Matrix = npt.NDArray[np.float64]


def intrinsics(info: Any, image_hw: tuple[int, int]) -> tuple[Matrix, Matrix]:
    """Return the camera matrix (3, 3) and projection matrix (3, 4) of the image that was sent.

    A CameraInfo is of the full sensor; its region of interest and binning lead to the image.

    Args:
        info: with the fields of sensor_msgs/CameraInfo.
        image_hw: of the image, to be checked.

    Raises:
        ValueError: not calibrated, or of another size than the image.
    """
    camera = np.array(info.k, np.float64).reshape(3, 3)
    projection = np.array(info.p, np.float64).reshape(3, 4)
    if camera[0, 0] <= 0 or camera[1, 1] <= 0:
        raise ValueError('camera_info is not calibrated (its K is 0)')
    roi = info.roi
    binning = max(1, info.binning_y), max(1, info.binning_x)
    part = (
        (roi.height or info.height) // binning[0],
        (roi.width or info.width) // binning[1],
    )
    if part != tuple(image_hw):
        raise ValueError(
            f'camera_info is for images of height, width {part}, the image has {tuple(image_hw)}'
        )
    seen = Box(roi.y_offset, roi.x_offset, part[0] * binning[0], part[1] * binning[1])
    inside = Box(0, 0, *part)
    return _moved(camera, seen, inside), _moved(projection, seen, inside)


def map_camera_info(info: Any, placement: Placement, map_hw: tuple[int, int], header: Any) -> Any:
    """Return a new CameraInfo for an output map of the network.

    Args:
        info: of the camera.
        placement: of the image in the network input.
        map_hw: size of the output map.
        header: of the image.

    Raises:
        ValueError: see `intrinsics`.
    """
    camera, projection = intrinsics(info, placement.camera_hw)
    box, inside = placement.camera_box, placement.box_in(map_hw)
    found = copy.deepcopy(info)
    found.header = header
    found.height, found.width = map_hw
    found.k = _moved(camera, box, inside).ravel().tolist()
    found.p = _moved(projection, box, inside).ravel().tolist()
    found.binning_x = found.binning_y = 0
    for side in ('x_offset', 'y_offset', 'height', 'width'):
        setattr(found.roi, side, 0)
    return found


def image_camera_info(info: Any, image_hw: tuple[int, int], header: Any) -> Any:
    """Return a new CameraInfo with the header of the image, otherwise as the camera sent it.

    Raises:
        ValueError: see `intrinsics`.
    """
    intrinsics(info, image_hw)
    found = copy.copy(info)
    found.header = header
    return found


def _moved(matrix: Matrix, before: Box, after: Box) -> Matrix:
    """Return a camera or projection matrix for pixels that moved from one box to another.

    A pixel x of the old image lies at (x + 0.5 - before.left) * scale + after.left - 0.5.
    """
    scale_x, scale_y = after.width / before.width, after.height / before.height
    move = np.array(
        [
            [scale_x, 0, (0.5 - before.left) * scale_x + after.left - 0.5],
            [0, scale_y, (0.5 - before.top) * scale_y + after.top - 0.5],
            [0, 0, 1],
        ]
    )
    return np.asarray(move @ matrix, np.float64)
