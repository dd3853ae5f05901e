"""Camera images to a batch at network size."""

import time
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.contract.geometry import Placement, place
from hopfield_pebal_ros.contract.metadata import Metadata
from hopfield_pebal_ros.contract.resizing import image_to_network
from hopfield_pebal_ros.inference.detection import ColorOrder, Prepared


def prepare(
    images: Sequence[npt.NDArray[np.uint8]],
    color_orders: Sequence[ColorOrder],
    metadata: Metadata,
) -> Prepared:
    """Resize images and swap colours as the network wants them.

    Args:
        images: each (H, W, 3) uint8, read and not kept.
        color_orders: one for each.
        metadata: of the model.

    Raises:
        ValueError: an image of another shape or dtype, or a colour order that is none.
    """
    for image, order in zip(images, color_orders, strict=True):
        _check(image, order)
    batch = np.empty((len(images), *metadata.network_hw, 3), np.uint8)
    placements, preprocess_ms = [], []
    for image, network_image, order in zip(images, batch, color_orders, strict=True):
        start_s = time.perf_counter()
        placements.append(_fill(network_image, image, order, metadata))
        preprocess_ms.append((time.perf_counter() - start_s) * 1e3)
    return Prepared(batch, tuple(placements), tuple(preprocess_ms))


def _fill(
    network_image: npt.NDArray[np.uint8],
    image: npt.NDArray[np.uint8],
    color_order: ColorOrder,
    metadata: Metadata,
) -> Placement:
    """Resize, and swap colours afterwards, where there are fewest pixels."""
    height, width = image.shape[:2]
    placement = place((height, width), metadata.network_hw, metadata.geometry.mode)
    image_to_network(image, placement, metadata.geometry, out=network_image)
    if color_order == 'bgr':
        inside = placement.network_box.of(network_image)  # the padding is RGB already
        cv2.cvtColor(inside, cv2.COLOR_BGR2RGB, dst=inside)
    return placement


def _check(image: npt.NDArray[Any], color_order: str) -> None:
    if color_order not in ('rgb', 'bgr'):
        raise ValueError(f"color_order must be 'rgb' or 'bgr', got {color_order!r}")
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or not image.size:
        raise ValueError(
            f'image must be (H, W, 3) uint8 with pixels, got {image.shape} {image.dtype}; '
            'convert it first'
        )
