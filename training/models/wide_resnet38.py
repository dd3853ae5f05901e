"""WideResNet-38 without its classifier: pre-activation blocks, maps at strides 2, 4 and 8.

Wu et al. 2019, "Wider or Deeper: Revisiting the ResNet Model for Visual Recognition", network A2
with dilation in the last three modules. Attribute names are those of the published weight files.
"""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Final, NamedTuple, cast

from torch import Tensor, nn


class _Module(NamedTuple):
    num_blocks: int
    widths: tuple[int, ...]
    """Output channels of a block's convolutions, in multiples of the stem's."""
    stride: int = 1
    dilation: int = 1
    dropout: float = 0.0


MODULES: Final = {
    'mod2': _Module(3, (2, 2)),
    'mod3': _Module(3, (4, 4)),
    'mod4': _Module(6, (8, 8), stride=2),
    'mod5': _Module(3, (8, 16), dilation=2),
    'mod6': _Module(1, (8, 16, 32), dilation=4, dropout=0.3),
    'mod7': _Module(1, (16, 32, 64), dilation=4, dropout=0.5),
}
"""The network's six groups of residual blocks, by attribute name."""


class IdentityBlock(nn.Module):
    """Batch norm, ReLU and two or three convolutions beside a shortcut (He et al. 2016)."""

    def __init__(
        self,
        width_in: int,
        widths: Sequence[int],
        *,
        stride: int = 1,
        dilation: int = 1,
        dropout: float = 0.0,
    ) -> None:
        """Build with torch's default weights.

        Args:
            width_in: input channels.
            widths: output channels of two 3x3 convolutions, or of a 1x1, a 3x3 and a 1x1.
            stride: of the first convolution and of the shortcut.
            dilation: of the 3x3 convolutions.
            dropout: probability that a channel is zeroed before the last convolution.
        """
        super().__init__()
        self.bn1 = _norm_act(width_in)
        kernels = (3, 3) if len(widths) == 2 else (1, 3, 1)
        layers: OrderedDict[str, nn.Module] = OrderedDict()
        for index, (before, width, kernel) in enumerate(
            zip((width_in, *widths), widths, kernels, strict=False), start=1
        ):
            if index > 1:
                layers[f'bn{index}'] = _norm_act(before)
            if index == len(widths) and dropout:
                layers['dropout'] = nn.Dropout2d(dropout)
            layers[f'conv{index}'] = _conv(
                before,
                width,
                kernel=kernel,
                stride=stride if index == 1 else 1,
                dilation=dilation if kernel == 3 else 1,
            )
        self.convs = nn.Sequential(layers)
        if stride != 1 or width_in != widths[-1]:
            self.proj_conv = _conv(width_in, widths[-1], kernel=1, stride=stride)

    def forward(self, x: Tensor) -> Tensor:
        activated = self.bn1(x)
        shortcut = self.proj_conv(activated) if hasattr(self, 'proj_conv') else x
        return cast('Tensor', self.convs(activated).add_(shortcut))


def blocks_of(name: str, width_in: int, *, width: int) -> nn.Sequential:
    """Build one group of `MODULES`; only its first block changes width and size.

    Args:
        name: a key of `MODULES`.
        width_in: input channels.
        width: channels of the stem.
    """
    group = MODULES[name]
    widths = tuple(each * width for each in group.widths)
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    for index in range(group.num_blocks):
        layers[f'block{index + 1}'] = IdentityBlock(
            widths[-1] if index else width_in,
            widths,
            stride=1 if index else group.stride,
            dilation=group.dilation,
            dropout=group.dropout,
        )
    return nn.Sequential(layers)


def _conv(
    width_in: int, width_out: int, *, kernel: int, stride: int = 1, dilation: int = 1
) -> nn.Conv2d:
    return nn.Conv2d(
        width_in,
        width_out,
        kernel,
        stride=stride,
        padding=dilation * (kernel // 2),
        dilation=dilation,
        bias=False,
    )


def _norm_act(width: int) -> nn.Sequential:
    return nn.Sequential(nn.BatchNorm2d(width), nn.ReLU(inplace=True))
