"""A light head on named feature maps of a network: any of them in, one map out."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

HEAD_STRIDE: Final = 4
"""Image pixels per pixel of a head's output."""

_COARSE_STRIDE: Final = 8


class TapHead(nn.Module):
    """Project each map, add up at stride 8, refine, add the finer maps at stride 4, refine.

    Each map is standardised first by batch norm without weights, so that none of them drowns the
    others.
    """

    def __init__(
        self,
        *,
        tap_widths: Mapping[str, int],
        tap_strides: Mapping[str, int],
        num_outputs: int,
        width: int = 64,
        starts_at_zero: bool = False,
        dropped_groups: Mapping[tuple[str, ...], float] = MappingProxyType({}),
    ) -> None:
        """Build with random weights.

        Args:
            tap_widths: channels of the maps to read; there may be more maps than are read later.
            tap_strides: image pixels per pixel of the same maps, a power of 2.
            num_outputs: channels of the result.
            width: channels at stride 8; half as many at stride 4. Even.
            starts_at_zero: whether the result is 0 before training.
            dropped_groups: names of maps -> share of training samples that go without them, so
                that the head does not rely on one group alone; never two groups at once.

        Raises:
            ValueError: no map to read.
        """
        super().__init__()
        if not tap_widths:
            raise ValueError('a head needs at least one tap, got none')
        coarse = [name for name in tap_widths if tap_strides[name] >= _COARSE_STRIDE]
        fine = [name for name in tap_widths if tap_strides[name] < _COARSE_STRIDE]
        self._dropped_groups = dict(dropped_groups)
        self.strides = {name: tap_strides[name] for name in (*coarse, *fine)}
        self.coarse = nn.ModuleDict(
            {name: _projection(tap_widths[name], width) for name in coarse}
        )
        self.fine = nn.ModuleDict(
            {name: _projection(tap_widths[name], width // 2) for name in fine}
        )
        self.refine_coarse = _norm_conv(width, width // 2, kernel=3)
        self.refine_fine = _norm_conv(width // 2, width // 2, kernel=3)
        self.output = _norm_conv(width // 2, num_outputs, kernel=1, bias=True)
        if starts_at_zero:
            nn.init.zeros_(cast('Tensor', self.output[-1].weight))

    def forward(self, taps: Mapping[str, Tensor], *, stride: int = HEAD_STRIDE) -> Tensor:
        """Return (B, num_outputs, H / stride, W / stride) for the maps of (B, 3, H, W).

        Args:
            taps: the maps.
            stride: of the result; a coarser one than that of the head has the means over cells.
        """
        kept = self._kept(taps)
        fine = [
            self._projected(self.fine, name, taps, stride=HEAD_STRIDE) * kept.get(name, 1)
            for name in self.fine
        ]
        if self.coarse:
            coarse = [
                self._projected(self.coarse, name, taps, stride=_COARSE_STRIDE) * kept.get(name, 1)
                for name in self.coarse
            ]
            fine.append(resized(self.refine_coarse(_sum(coarse)), _COARSE_STRIDE, HEAD_STRIDE))
        norm, activation, convolution = self.output
        refined = activation(norm(self.refine_fine(_sum(fine))))
        # a mean of outputs is the output of the mean, which has fewer channels than some outputs
        return cast('Tensor', convolution(resized(refined, HEAD_STRIDE, stride)))

    def _kept(self, taps: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return for each map of a dropped group which samples keep it, (B, 1, 1, 1) bool."""
        if not self.training or not self._dropped_groups:
            return {}
        one = next(iter(taps.values()))
        drawn = torch.rand((len(one), 1, 1, 1), device=one.device)
        kept, start = dict[str, Tensor](), 0.0
        for names, share in self._dropped_groups.items():
            kept |= dict.fromkeys(names, (drawn < start) | (drawn >= start + share))
            start += share
        return kept

    def _projected(
        self, projections: nn.ModuleDict, name: str, taps: Mapping[str, Tensor], *, stride: int
    ) -> Tensor:
        own = self.strides[name]
        # whichever side has fewer pixels is projected
        if own < stride:
            return cast('Tensor', projections[name](resized(taps[name], own, stride)))
        return resized(projections[name](taps[name]), own, stride)


def resized(x: Tensor, from_stride: int, to_stride: int) -> Tensor:
    """Bring a map to another stride: means over cells, or bilinear between pixels."""
    if from_stride < to_stride:
        return F.avg_pool2d(x, to_stride // from_stride)
    if from_stride > to_stride:
        factor = from_stride // to_stride
        return F.interpolate(x, scale_factor=factor, mode='bilinear', align_corners=False)
    return x


def _projection(width_in: int, width_out: int) -> nn.Sequential:
    return nn.Sequential(
        nn.BatchNorm2d(width_in, affine=False), nn.Conv2d(width_in, width_out, 1, bias=False)
    )


def _norm_conv(width_in: int, width_out: int, *, kernel: int, bias: bool = False) -> nn.Sequential:
    convolution = nn.Conv2d(width_in, width_out, kernel, padding=kernel // 2, bias=bias)
    if bias:
        nn.init.zeros_(cast('Tensor', convolution.bias))
    return nn.Sequential(nn.BatchNorm2d(width_in), nn.ReLU(), convolution)


def _sum(maps: Sequence[Tensor]) -> Tensor:
    total = maps[0]
    for each in maps[1:]:
        total = total + each
    return total
