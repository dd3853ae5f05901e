"""The real-time network: a residual encoder and a ladder of lateral sums back to stride 4."""

from itertools import pairwise
from typing import Final, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from training.models.tapped_network import LOGITS_TAP, TappedNetwork

STEM_STRIDE: Final = 4
"""Stride of the finest features and of the logits."""

_POOLING_KERNELS: Final = (5, 9, 17)
"""In cells of the coarsest map; with stride 32 about 160, 290 and 540 image pixels."""


class LadderNetwork(TappedNetwork):
    """Logits of K inlier classes and one abstention channel, in the manner of SwiftNet.

    Orsic et al. 2019, "In Defense of Pre-trained ImageNet Architectures", figure 2: residual
    blocks at strides 4, 8, 16 and 32, pyramid pooling, then upsampling with lateral sums. Plain
    3x3 convolutions, because on CPUs with matrix units they train several times faster than the
    depthwise convolutions of mobile networks.
    """

    def __init__(
        self,
        *,
        num_classes: int,
        widths: tuple[int, ...],
        blocks: tuple[int, ...],
        decoder_width: int,
    ) -> None:
        """Build with random weights.

        Args:
            num_classes: K; the network has K + 1 logits, abstention last.
            widths: channels at strides 4, 8, 16, ...
            blocks: residual blocks at the same strides.
            decoder_width: channels D of the ladder.
        """
        super().__init__()
        if len(widths) != len(blocks) or len(widths) < 2:
            raise ValueError(
                f'widths and blocks need one entry a stride, at least 2, got {widths}, {blocks}'
            )
        self.num_classes = num_classes
        self.stem = nn.Sequential(
            _conv(3, widths[0] // 2, stride=2), _conv(widths[0] // 2, widths[0], stride=2)
        )
        self.stages = nn.ModuleList([_stage(widths[0], widths[0], blocks[0], stride=1)])
        for (before, after), count in zip(pairwise(widths), blocks[1:], strict=True):
            self.stages.append(_stage(before, after, count, stride=2))
        self.context = PyramidPooling(widths[-1], decoder_width)
        self.laterals = nn.ModuleList(
            nn.Conv2d(width, decoder_width, 1, bias=False) for width in widths[:-1]
        )
        self.blends = nn.ModuleList(_conv(decoder_width, decoder_width) for _ in widths[:-1])
        self.classifier = nn.Conv2d(decoder_width, num_classes + 1, 1)
        strides = [STEM_STRIDE * 2**level for level in range(len(widths))]
        encoder = {f's{stride}': stride for stride in strides}
        self.encoder_taps = tuple(encoder)
        self.tap_strides = {**encoder, 'decoder': STEM_STRIDE, LOGITS_TAP: STEM_STRIDE}
        self.tap_widths = dict(
            zip(self.tap_strides, (*widths, decoder_width, num_classes + 1), strict=True)
        )

    def taps(self, image: Tensor) -> dict[str, Tensor]:
        """Encoder maps s4, s8, ..., decoder features and logits of a normalised (B, 3, H, W)."""
        encoder: list[Tensor] = []
        for stage in self.stages:
            encoder.append(stage(encoder[-1] if encoder else self.stem(image)))
        ladder = self.context(encoder[-1])
        for fine, lateral, blend in zip(
            reversed(encoder[:-1]), reversed(self.laterals), reversed(self.blends), strict=True
        ):
            ladder = blend(_resized_to(ladder, fine) + lateral(fine))
        maps = (*encoder, ladder, self.classifier(ladder))
        return dict(zip(self.tap_strides, maps, strict=True))


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions beside a shortcut (He et al. 2016)."""

    def __init__(self, width_in: int, width_out: int, *, stride: int) -> None:
        super().__init__()
        self.first = _conv(width_in, width_out, stride=stride)
        self.second = _conv(width_out, width_out, activated=False)
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or width_in != width_out:
            self.shortcut = _conv(width_in, width_out, kernel=1, stride=stride, activated=False)
        last_norm = cast('nn.BatchNorm2d', self.second[1])
        nn.init.zeros_(last_norm.weight)  # the block starts as its shortcut

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.shortcut(x) + self.second(self.first(x)))


class PyramidPooling(nn.Module):
    """The coarsest map beside its means over windows of three sizes (as in Hong et al. 2021).

    Windows of fixed size in pixels, not of a share of the picture: training crops and the whole
    frame on the vehicle then mean the same by context. Without the mean over all of the picture
    for that reason.
    """

    def __init__(self, width_in: int, width_out: int) -> None:
        super().__init__()
        branch = width_out // 2
        self.reduce = _conv(width_in, width_out, kernel=1)
        self.branches = nn.ModuleList(
            nn.Conv2d(width_out, branch, 1, bias=False) for _ in _POOLING_KERNELS
        )
        self.blend = _conv(width_out + branch * len(_POOLING_KERNELS), width_out, kernel=1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.reduce(x)
        pooled = [
            _resized_to(branch(_window_mean(x, kernel)), x)
            for branch, kernel in zip(self.branches, _POOLING_KERNELS, strict=True)
        ]
        return cast('Tensor', self.blend(torch.cat([x, *pooled], dim=1)))


def _conv(
    width_in: int,
    width_out: int,
    *,
    kernel: int = 3,
    stride: int = 1,
    activated: bool = True,
) -> nn.Sequential:
    """Convolution, batch norm and, where `activated`, ReLU."""
    convolution = nn.Conv2d(
        width_in, width_out, kernel, stride=stride, padding=kernel // 2, bias=False
    )
    nn.init.kaiming_normal_(convolution.weight, mode='fan_out', nonlinearity='relu')
    layers: list[nn.Module] = [convolution, nn.BatchNorm2d(width_out)]
    return nn.Sequential(*layers, nn.ReLU()) if activated else nn.Sequential(*layers)


def _stage(width_in: int, width_out: int, count: int, *, stride: int) -> nn.Sequential:
    first = ResidualBlock(width_in, width_out, stride=stride)
    rest = [ResidualBlock(width_out, width_out, stride=1) for _ in range(count - 1)]
    return nn.Sequential(first, *rest)


def _window_mean(x: Tensor, kernel: int) -> Tensor:
    """Mean over kernel x kernel windows at every (kernel // 2)-th cell."""
    return F.avg_pool2d(
        x, kernel, stride=kernel // 2, padding=kernel // 2, count_include_pad=False
    )


def _resized_to(x: Tensor, like: Tensor) -> Tensor:
    return F.interpolate(x, size=like.shape[2:], mode='bilinear', align_corners=False)
