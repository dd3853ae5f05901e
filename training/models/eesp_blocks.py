"""ESPNetv2's encoder blocks: depthwise pyramids of dilated convolutions, and down-sampling.

Mehta et al. 2019, "ESPNetv2: A Light-weight, Power Efficient, and General Purpose Convolutional
Neural Network", section 3. Attribute names are those of the published weight files.
"""

from collections import OrderedDict
from typing import Final, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

NUM_BRANCHES: Final = 4
"""Parallel dilated convolutions of a block, and the groups of its 1x1 convolutions."""

_IMAGE_CHANNELS: Final = 3


class EESP(nn.Module):
    """Reduce, convolve at several dilations, add the results up, expand (figure 1c)."""

    def __init__(
        self, width_in: int, width_out: int, *, dilations: tuple[int, ...], stride: int = 1
    ) -> None:
        """Build with torch's default weights.

        Args:
            width_in: input channels, a multiple of `NUM_BRANCHES`.
            width_out: output channels; equal to `width_in` unless `stride` is 2.
            dilations: of the branches, ascending.
            stride: 1 adds the input and activates; 2 leaves both to `DownSampler`.
        """
        super().__init__()
        branch = width_out // NUM_BRANCHES
        self.residual = stride == 1
        self.proj_1x1 = conv_norm(width_in, branch, kernel=1, groups=NUM_BRANCHES, activated=True)
        self.spp_dw = nn.ModuleList(
            _dilated(branch, dilation=dilation, stride=stride) for dilation in dilations
        )
        self.br_after_cat = norm_act(width_out)
        self.conv_1x1_exp = conv_norm(
            width_out, width_out, kernel=1, groups=NUM_BRANCHES, activated=False
        )
        self.module_act = nn.PReLU(width_out)  # in the files for stride 2 too, unused there

    def forward(self, x: Tensor) -> Tensor:
        reduced = self.proj_1x1(x)
        sums = [self.spp_dw[0](reduced)]
        for convolution in list(self.spp_dw)[1:]:
            sums.append(convolution(reduced) + sums[-1])  # hierarchical fusion against gridding
        expanded = self.conv_1x1_exp(self.br_after_cat(torch.cat(sums, dim=1)))
        return cast('Tensor', self.module_act(expanded + x) if self.residual else expanded)


class DownSampler(nn.Module):
    """Halve the size: mean pooling beside an EESP block, plus the shrunken image (figure 2)."""

    def __init__(
        self, width_in: int, width_out: int, *, dilations: tuple[int, ...], stride: int
    ) -> None:
        """Build with torch's default weights.

        Args:
            width_in: input channels.
            width_out: output channels, more than `width_in`.
            dilations: of the EESP block.
            stride: of the output with respect to the image, a power of 2.
        """
        super().__init__()
        self.num_halvings = stride.bit_length() - 1
        self.eesp = EESP(width_in, width_out - width_in, dilations=dilations, stride=2)
        self.inp_reinf = nn.Sequential(
            conv_norm(_IMAGE_CHANNELS, _IMAGE_CHANNELS, kernel=3, activated=True),
            conv_norm(_IMAGE_CHANNELS, width_out, kernel=1, activated=False),
        )
        self.act = nn.PReLU(width_out)

    def forward(self, x: Tensor, image: Tensor) -> Tensor:
        halved = torch.cat([_halved(x), self.eesp(x)], dim=1)
        for _ in range(self.num_halvings):
            image = _halved(image)
        return cast('Tensor', self.act(halved + self.inp_reinf(image)))


def conv_norm(
    width_in: int,
    width_out: int,
    *,
    kernel: int,
    activated: bool,
    stride: int = 1,
    groups: int = 1,
) -> nn.Sequential:
    """Convolution, batch norm and, where `activated`, PReLU."""
    convolution = nn.Conv2d(
        width_in,
        width_out,
        kernel,
        stride=stride,
        padding=kernel // 2,
        groups=groups,
        bias=False,
    )
    layers: list[tuple[str, nn.Module]] = [
        ('conv', convolution),
        ('bn', nn.BatchNorm2d(width_out)),
    ]
    return nn.Sequential(
        OrderedDict([*layers, ('act', nn.PReLU(width_out))] if activated else layers)
    )


def norm_act(width: int) -> nn.Sequential:
    """Batch norm and PReLU."""
    return nn.Sequential(OrderedDict([('bn', nn.BatchNorm2d(width)), ('act', nn.PReLU(width))]))


def _dilated(width: int, *, dilation: int, stride: int) -> nn.Sequential:
    convolution = nn.Conv2d(
        width,
        width,
        3,
        stride=stride,
        padding=dilation,
        dilation=dilation,
        groups=width,
        bias=False,
    )
    return nn.Sequential(OrderedDict([('conv', convolution)]))


def _halved(x: Tensor) -> Tensor:
    # zero padding counts in the mean at the border, as it did in training
    return F.avg_pool2d(x, kernel_size=3, stride=2, padding=1)
