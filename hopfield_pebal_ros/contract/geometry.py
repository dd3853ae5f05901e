"""Camera frame to network input and back: the one resize rule of training, vehicle and reports."""

from dataclasses import dataclass
from typing import Final, Literal, TypeVar, get_args

import numpy as np
import numpy.typing as npt

ResizeMode = Literal['letterbox', 'stretch', 'crop']
Interpolation = Literal['linear', 'area']

PixelType = TypeVar('PixelType', np.uint8, np.float32)

ALIGNMENT_PX: Final = 8
"""Sizes and offsets inside the network input are multiples of this, so that they stay whole
numbers in outputs that are 2, 4 or 8 times smaller."""


@dataclass(frozen=True, kw_only=True)
class Geometry:
    """How a camera frame of any size becomes a network input of one size."""

    mode: ResizeMode = 'letterbox'
    interpolation: Interpolation = 'linear'
    padding_rgb: tuple[int, int, int] = (114, 114, 114)

    def __post_init__(self) -> None:
        if self.mode not in get_args(ResizeMode):
            raise ValueError(f'mode must be one of {get_args(ResizeMode)}, got {self.mode!r}')
        if self.interpolation not in get_args(Interpolation):
            raise ValueError(
                f'interpolation must be one of {get_args(Interpolation)}, '
                f'got {self.interpolation!r}'
            )
        if len(self.padding_rgb) != 3 or not all(0 <= each <= 255 for each in self.padding_rgb):
            raise ValueError(
                f'padding_rgb must be three values 0..255, got {tuple(self.padding_rgb)}'
            )


@dataclass(frozen=True)
class Box:
    """A rectangle of whole pixels; the right and bottom ends are exclusive."""

    top: int
    left: int
    height: int
    width: int

    def of(self, image: npt.NDArray[PixelType]) -> npt.NDArray[PixelType]:
        """Return the view of `image` (H, W, ...) inside the box."""
        return image[self.top : self.top + self.height, self.left : self.left + self.width]


@dataclass(frozen=True)
class Placement:
    """Which part of a camera frame lies where in the network input."""

    camera_hw: tuple[int, int]
    network_hw: tuple[int, int]
    camera_box: Box
    network_box: Box

    def box_in(self, map_hw: tuple[int, int]) -> Box:
        """Return where the camera's pixels lie in an output map of size `map_hw`.

        Raises:
            ValueError: `map_hw` is not the network size divided by 1, 2, 4 or 8.
        """
        stride = output_stride(self.network_hw, map_hw)
        box = self.network_box
        return Box(
            box.top // stride, box.left // stride, box.height // stride, box.width // stride
        )


def output_stride(network_hw: tuple[int, int], map_hw: tuple[int, int]) -> int:
    """Return by how much an output map is smaller than the network input: 1, 2, 4 or 8.

    Raises:
        ValueError: the sizes do not fit.
    """
    for stride in (1, 2, 4, 8):
        if (network_hw[0], network_hw[1]) == (map_hw[0] * stride, map_hw[1] * stride):
            return stride
    raise ValueError(
        f'output size {tuple(map_hw)} is not the network size {tuple(network_hw)} '
        'divided by 1, 2, 4 or 8'
    )


def place(camera_hw: tuple[int, int], network_hw: tuple[int, int], mode: ResizeMode) -> Placement:
    """Lay a camera frame into the network input.

    `letterbox` keeps the whole frame and its aspect ratio (to within half of `ALIGNMENT_PX`) and
    pads the rest, `stretch` fills the input with the whole frame, `crop` fills it with the largest
    centred part that has the input's aspect ratio.

    Raises:
        ValueError: a size that is not positive, or a network size that is not a multiple of
            `ALIGNMENT_PX`.
    """
    if min(camera_hw) < 1:
        raise ValueError(f'a camera frame must have pixels, got height, width {tuple(camera_hw)}')
    if min(network_hw) < ALIGNMENT_PX or any(side % ALIGNMENT_PX for side in network_hw):
        raise ValueError(
            f'network size must be a positive multiple of {ALIGNMENT_PX}, got {tuple(network_hw)}'
        )
    camera_box = Box(0, 0, *camera_hw)
    network_box = Box(0, 0, *network_hw)
    if mode == 'letterbox':
        scale = min(network_hw[0] / camera_hw[0], network_hw[1] / camera_hw[1])
        network_box = _centred(
            network_hw,
            (_aligned(camera_hw[0] * scale), _aligned(camera_hw[1] * scale)),
            granule=ALIGNMENT_PX,
        )
    elif mode == 'crop':
        scale = max(network_hw[0] / camera_hw[0], network_hw[1] / camera_hw[1])
        inside = (
            min(camera_hw[0], max(1, round(network_hw[0] / scale))),
            min(camera_hw[1], max(1, round(network_hw[1] / scale))),
        )
        camera_box = _centred(camera_hw, inside, granule=1)
    return Placement(camera_hw, network_hw, camera_box, network_box)


def _aligned(length: float) -> int:
    return max(ALIGNMENT_PX, round(length / ALIGNMENT_PX) * ALIGNMENT_PX)


def _centred(outer_hw: tuple[int, int], inner_hw: tuple[int, int], *, granule: int) -> Box:
    top = (outer_hw[0] - inner_hw[0]) // 2 // granule * granule
    left = (outer_hw[1] - inner_hw[1]) // 2 // granule * granule
    return Box(top, left, *inner_hw)
