"""ESPNetv2's decoder blocks: a pyramid of resized depthwise convolutions, and gated laterals.

They follow the authors' EdgeNets code. Attribute names are those of the published weight files.
"""

import math
from collections import OrderedDict
from typing import Final, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

SCALES: Final = (2.0, 1.5, 1.0, 0.5, 0.1)
"""Sizes of the pyramid, as multiples of the input's."""

SMALLEST_SIDE: Final = 5
"""Pixels; no level of the pyramid is smaller."""


class EfficientPyramidPool(nn.Module):
    """One 3x3 depthwise convolution at each of five sizes, then merged."""

    def __init__(
        self, width_in: int, width_out: int, *, squeezed_width: int, is_last: bool = False
    ) -> None:
        """Build with torch's default weights.

        Args:
            width_in: input channels.
            width_out: output channels.
            squeezed_width: channels D of the pyramid.
            is_last: end in the biased classifier instead of batch norm and PReLU.
        """
        super().__init__()
        self.projection_layer = _named('cbr', _conv_norm_act(width_in, squeezed_width, kernel=1))
        self.stages = nn.ModuleList(_depthwise(squeezed_width) for _ in SCALES)
        pyramid_width = squeezed_width * len(SCALES)
        self.merge_layer = nn.Sequential(
            _named('br', _norm_act(pyramid_width)),
            nn.ChannelShuffle(len(SCALES)),
            _named('cbr', _conv_norm_act(pyramid_width, squeezed_width, groups=squeezed_width)),
            nn.Conv2d(squeezed_width, width_out, 1, bias=is_last),
        )
        if not is_last:
            self.br = _named('br', _norm_act(width_out))
        self.is_last = is_last

    def forward(self, x: Tensor) -> Tensor:
        merged = self.classifier(self.features(x))
        return merged if self.is_last else cast('Tensor', self.br(merged))

    def features(self, x: Tensor) -> Tensor:
        """Merged pyramid (B, D, H, W) of (B, C, H, W): the input of the last 1x1 convolution."""
        x = self.projection_layer(x)
        levels = [
            _at_scale(stage, x, scale) for stage, scale in zip(self.stages, SCALES, strict=True)
        ]
        return cast('Tensor', self.merge_layer[:-1](torch.cat(levels, dim=1)))

    @property
    def classifier(self) -> nn.Conv2d:
        """The last 1x1 convolution."""
        return cast('nn.Conv2d', self.merge_layer[-1])


class GatedLateral(nn.Module):
    """Grouped 3x3 convolution of an encoder map, its channels gated by the image's mean."""

    def __init__(self, width_in: int, width_out: int) -> None:
        super().__init__()
        self.wt_layer = nn.Sequential(
            nn.AdaptiveAvgPool2d(1), nn.Conv2d(width_in, width_out, 1, bias=False), nn.Sigmoid()
        )
        groups = math.gcd(width_in, width_out)
        self.expansion_layer = _named('cbr', _conv_norm_act(width_in, width_out, groups=groups))

    def forward(self, x: Tensor) -> Tensor:
        return cast('Tensor', self.expansion_layer(x) * self.wt_layer(x))


def _at_scale(stage: nn.Module, x: Tensor, scale: float) -> Tensor:
    height, width = x.shape[2:]
    scaled_hw = (_scaled(height, scale), _scaled(width, scale))
    if scale > 1:
        enlarged = F.interpolate(x, scaled_hw, mode='bilinear', align_corners=True)
        return F.adaptive_avg_pool2d(stage(enlarged), (height, width))
    if scale < 1:
        pooled = stage(F.adaptive_avg_pool2d(x, scaled_hw))
        return F.interpolate(pooled, (height, width), mode='bilinear', align_corners=True)
    return cast('Tensor', stage(x))


def _scaled(side: int, scale: float) -> int:
    return max(math.ceil(side * scale), SMALLEST_SIDE)


def _conv_norm_act(
    width_in: int, width_out: int, *, kernel: int = 3, groups: int = 1
) -> nn.Sequential:
    convolution = nn.Conv2d(
        width_in, width_out, kernel, padding=kernel // 2, groups=groups, bias=False
    )
    return nn.Sequential(convolution, nn.BatchNorm2d(width_out), nn.PReLU(width_out))


def _norm_act(width: int) -> nn.Sequential:
    return nn.Sequential(nn.BatchNorm2d(width), nn.PReLU(width))


def _depthwise(width: int) -> nn.Conv2d:
    return nn.Conv2d(width, width, 3, padding=1, groups=width, bias=False)


def _named(name: str, layers: nn.Module) -> nn.Sequential:
    """Wrap layers so that their keys begin with `name`, as in the weight files."""
    return nn.Sequential(OrderedDict([(name, layers)]))
