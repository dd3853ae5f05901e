"""Run a network over a large image in overlapping windows and blend what it says."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, kw_only=True)
class SlidingWindow:
    """Size and overlap of the windows, in pixels of the image."""

    window_hw: tuple[int, int]
    """A multiple of what the network needs, and no larger than the image."""
    overlap: int
    """Least number of rows, and of columns, that neighbouring windows share."""
    margin: int = 0
    """Rows and columns along a window's inner borders that count for nothing, because there the
    network sees the padding. With the reach of its convolutions the result is that of the whole
    image; networks that look at the mean of the image have no such reach."""
    multiple: int = 32
    """Windows begin at multiples of it."""

    def __post_init__(self) -> None:
        if min(self.window_hw) < self.overlap + self.multiple or self.overlap <= 2 * self.margin:
            raise ValueError(
                'windows must be larger than the overlap by at least the multiple, and the '
                f'overlap larger than two margins, got window {self.window_hw}, overlap '
                f'{self.overlap}, multiple {self.multiple}, margin {self.margin}'
            )
        if any(side % self.multiple for side in self.window_hw):
            raise ValueError(
                f'window sides must be multiples of {self.multiple}, got {self.window_hw}'
            )

    def run(self, network: Callable[[Tensor], Tensor], image: Tensor) -> Tensor:
        """Return the blended result of a network.

        Args:
            network: (B, 3, h, w) to (B, C, h / s, w / s), s any stride that divides `multiple`
                and `margin`.
            image: (B, 3, H, W), H and W multiples of `multiple`.

        Returns:
            (B, C, H / s, W / s): in overlaps a mean whose weights fall linearly to the borders.

        Raises:
            ValueError: an image smaller than a window, or of another multiple.
        """
        self._check(image)
        total, weights = None, None
        for top, left in self._corners((image.shape[2], image.shape[3])):
            height, width = self.window_hw
            part = network(image[:, :, top : top + height, left : left + width])
            stride = height // part.shape[2]
            if total is None or weights is None:
                size = (image.shape[2] // stride, image.shape[3] // stride)
                total = part.new_zeros(*part.shape[:2], *size)
                weights = part.new_zeros(size)
            weight = self._weight((image.shape[2], image.shape[3]), (top, left), stride)
            weight = weight.to(part)
            place = (
                slice(top // stride, top // stride + part.shape[2]),
                slice(left // stride, left // stride + part.shape[3]),
            )
            total[:, :, place[0], place[1]] += weight * part
            weights[place] += weight
        if total is None or weights is None:
            raise RuntimeError('no window was run')
        return total / weights

    def _corners(self, image_hw: tuple[int, int]) -> Iterator[tuple[int, int]]:
        for top in self._starts(image_hw[0], self.window_hw[0]):
            for left in self._starts(image_hw[1], self.window_hw[1]):
                yield top, left

    def _starts(self, side: int, window: int) -> list[int]:
        """Evenly spread multiples of `multiple`, the last window at the image's end."""
        steps_of = self.multiple
        last = (side - window) // steps_of
        furthest = max(1, (window - self.overlap) // steps_of)
        count = math.ceil(last / furthest)
        return [round(last * index / max(1, count)) * steps_of for index in range(count + 1)]

    def _weight(self, image_hw: tuple[int, int], corner: tuple[int, int], stride: int) -> Tensor:
        rows, columns = (
            self._ramp(window, start == 0, start + window == side, stride)
            for side, window, start in zip(image_hw, self.window_hw, corner, strict=True)
        )
        return rows[:, None] * columns

    def _ramp(self, window: int, is_first: bool, is_last: bool, stride: int) -> Tensor:
        """Weights along one side: 0 in the margin of inner borders, rising over the overlap."""
        centres = torch.arange(window // stride) * stride + stride / 2
        rise = self.overlap - 2 * self.margin
        ramp = torch.ones(window // stride)
        if not is_first:
            ramp = ramp.minimum(((centres - self.margin) / rise).clamp(0, 1))
        if not is_last:
            ramp = ramp.minimum(((window - centres - self.margin) / rise).clamp(0, 1))
        return ramp

    def _check(self, image: Tensor) -> None:
        sides = tuple(image.shape[2:])
        if any(side % self.multiple for side in sides):
            raise ValueError(f'image sides must be multiples of {self.multiple}, got {sides}')
        if any(side < window for side, window in zip(sides, self.window_hw, strict=True)):
            raise ValueError(f'windows of {self.window_hw} do not fit into an image of {sides}')
