"""Resize images, labels, masks and energies between camera frame and network input."""

from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.contract.geometry import Box, Geometry, PixelType, Placement
from hopfield_pebal_ros.contract.labels import IGNORE_ID

_INTERPOLATION_FLAGS: Final = {'linear': cv2.INTER_LINEAR, 'area': cv2.INTER_AREA}


def image_to_network(
    image: npt.NDArray[np.uint8],
    placement: Placement,
    geometry: Geometry,
    *,
    out: npt.NDArray[np.uint8] | None = None,
) -> npt.NDArray[np.uint8]:
    """Resize a camera frame to the network input.

    Args:
        image: (H, W, 3) uint8 of `placement.camera_hw`, in either colour order.
        placement: from `place`.
        geometry: interpolation and padding; the padding is laid down in the image's order.
        out: (h, w, 3) uint8, C-contiguous, written in place.

    Returns:
        (h, w, 3) uint8 of `placement.network_hw`; `out` where given.
    """
    _check_size(image, placement.camera_hw)
    shape = (*placement.network_hw, 3)
    out = np.empty(shape, np.uint8) if out is None else _checked_out(out, shape, image.dtype)
    box = placement.network_box
    fill_outside(out, box, geometry.padding_rgb)
    inside = placement.camera_box.of(image)
    flag = _INTERPOLATION_FLAGS[geometry.interpolation]
    if (box.height, box.width) == inside.shape[:2]:
        box.of(out)[:] = inside
    elif (box.height, box.width) == placement.network_hw:
        cv2.resize(inside, (box.width, box.height), dst=out, interpolation=flag)
    else:
        box.of(out)[:] = cv2.resize(inside, (box.width, box.height), interpolation=flag)
    return out


def fill_outside(
    image: npt.NDArray[PixelType], box: Box, value: float | tuple[int, int, int]
) -> None:
    """Overwrite the pixels of `image` (H, W, ...) that lie outside `box`, in place."""
    bottom, right = box.top + box.height, box.left + box.width
    image[: box.top] = value
    image[bottom:] = value
    image[box.top : bottom, : box.left] = value
    image[box.top : bottom, right:] = value


def labels_to_network(
    label_map: npt.NDArray[np.uint8], placement: Placement
) -> npt.NDArray[np.uint8]:
    """Bring a label map (H, W) uint8 of the camera frame to network size by nearest neighbour.

    Padding becomes `IGNORE_ID`.
    """
    _check_size(label_map, placement.camera_hw)
    out = np.full(placement.network_hw, IGNORE_ID, np.uint8)
    box = placement.network_box
    inside = placement.camera_box.of(label_map)
    box.of(out)[:] = cv2.resize(
        inside, (box.width, box.height), interpolation=cv2.INTER_NEAREST_EXACT
    )
    return out


def labels_to_camera(
    label_map: npt.NDArray[np.uint8],
    placement: Placement,
    *,
    out: npt.NDArray[np.uint8] | None = None,
) -> npt.NDArray[np.uint8]:
    """Bring a network label map (h, w) uint8 to camera size by nearest neighbour.

    Pixels that the network never saw (mode `crop`) become `IGNORE_ID`. `out`, (H, W) uint8 of
    camera size, is written in place where given.
    """
    return _map_to_camera(
        label_map, placement, outside=IGNORE_ID, flag=cv2.INTER_NEAREST_EXACT, out=out
    )


def mask_to_camera(
    anomaly_mask: npt.NDArray[np.uint8],
    placement: Placement,
    *,
    out: npt.NDArray[np.uint8] | None = None,
) -> npt.NDArray[np.uint8]:
    """Bring a network mask (h, w) uint8 to camera size by nearest neighbour; outside is 0."""
    return _map_to_camera(
        anomaly_mask, placement, outside=0, flag=cv2.INTER_NEAREST_EXACT, out=out
    )


def energy_to_camera(
    energy_map: npt.NDArray[np.float32],
    placement: Placement,
    *,
    out: npt.NDArray[np.float32] | None = None,
) -> npt.NDArray[np.float32]:
    """Bring a network energy map (h, w) float32 to camera size linearly.

    Pixels that the network never saw (mode `crop`) become NaN. `out`, (H, W) float32 of camera
    size, is written in place where given.
    """
    return _map_to_camera(
        energy_map, placement, outside=float('nan'), flag=cv2.INTER_LINEAR, out=out
    )


def _map_to_camera(
    network_map: npt.NDArray[PixelType],
    placement: Placement,
    *,
    outside: float,
    flag: int,
    out: npt.NDArray[PixelType] | None,
) -> npt.NDArray[PixelType]:
    inside = placement.box_in(network_map.shape[:2]).of(network_map)
    box = placement.camera_box
    size_wh = (box.width, box.height)
    shape, dtype = placement.camera_hw, network_map.dtype
    out = np.empty(shape, dtype) if out is None else _checked_out(out, shape, dtype)
    if inside.shape[:2] == placement.camera_hw:
        out[:] = inside
    elif (box.height, box.width) == placement.camera_hw:
        cv2.resize(inside, size_wh, dst=out, interpolation=flag)
    else:
        out[:] = outside
        box.of(out)[:] = cv2.resize(inside, size_wh, interpolation=flag)
    return out


def _check_size(image: npt.NDArray[Any], expected_hw: tuple[int, int]) -> None:
    if image.shape[:2] != tuple(expected_hw):
        raise ValueError(
            f'image has height, width {image.shape[:2]}, expected {tuple(expected_hw)}; '
            'make the placement from the size of this frame'
        )


def _checked_out(
    out: npt.NDArray[PixelType], shape: tuple[int, ...], dtype: np.dtype[Any]
) -> npt.NDArray[PixelType]:
    """Return `out`; OpenCV leaves an array of another shape or dtype as it was and says nothing.

    Raises:
        ValueError: it does not fit.
    """
    if out.shape != tuple(shape) or out.dtype != dtype:
        raise ValueError(
            f'out must be {tuple(shape)} {dtype}, got {out.shape} {out.dtype}; allocate it for '
            'this placement'
        )
    return out
