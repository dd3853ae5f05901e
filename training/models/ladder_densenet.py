"""Ladder DenseNet-121, key for key the network of DenseHybrid's files, without auxiliary logits.

Kreso et al. 2020, "Efficient Ladder-style DenseNets for Semantic Segmentation of Large Images";
encoder from torchvision, with the pooling windows and the momentum of DenseHybrid's code. Files
have three more heads, `logits_aux`, which served training only.
"""

from collections import OrderedDict
from typing import Final, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.models import densenet121

from training.models.deployed import IMAGE_MEAN_RGB, IMAGE_STD_RGB
from training.models.tapped_network import (
    LOGITS_TAP,
    OUTLIER_LOGIT_TAP,
    TappedNetwork,
    check_input_size,
)

INPUT_MULTIPLE: Final = 32
"""Image height and width are multiples of it, so that every map has its exact stride."""

_BLOCK_WIDTHS: Final = (256, 512, 1024, 1024)
_CONTEXT_WIDTH: Final = 512
_LADDER_WIDTHS: Final = (256, 256, 128)
_GRIDS: Final = (8, 4, 2, 1)
"""Rows of the pooled maps; columns follow the shape of the image."""
_MOMENTUM: Final = 0.01


class LadderDenseNet(TappedNetwork):
    """Logits of K inlier classes, perhaps of abstention, perhaps of DenseHybrid's posterior."""

    def __init__(
        self, *, num_classes: int = 19, has_abstention: bool = True, has_posterior: bool = False
    ) -> None:
        """Build with random weights, drawn from torch's generator.

        Args:
            num_classes: K.
            has_abstention: whether there is an output K + 1.
            has_posterior: whether DenseHybrid's head is there: two logits, inlier and outlier;
                the tap is their difference, the log-odds of an outlier.
        """
        super().__init__()
        self.num_classes = num_classes
        num_outputs = num_classes + has_abstention
        widths = (*_BLOCK_WIDTHS, _CONTEXT_WIDTH, _LADDER_WIDTHS[-1], num_outputs)
        strides = (4, 8, 16, 32, 32, 4, 4)
        names = ('block1', 'block2', 'block3', 'block4', 'context', 'penultimate', LOGITS_TAP)
        self.tap_widths = dict(zip(names, widths, strict=True))
        self.encoder_taps = names[:4]
        self.tap_strides = dict(zip(names, strides, strict=True))
        self.backbone = nn.ModuleDict({'features': _encoder()})
        self.spp = nn.Sequential(OrderedDict(spp=PyramidPooling()))
        rungs = nn.ModuleDict()
        width_in = _CONTEXT_WIDTH
        for index, (skip, width) in enumerate(
            zip(reversed(_BLOCK_WIDTHS[:3]), _LADDER_WIDTHS, strict=True)
        ):
            rungs[f'upsample_{index}'] = Rung(width_in, skip, width)
            width_in = width
        self.upsample = nn.ModuleDict({'upsample_layers': rungs})
        self.logits = _norm_conv(width_in, num_outputs, kernel=1, bias=True)
        if has_posterior:
            self.tap_widths[OUTLIER_LOGIT_TAP], self.tap_strides[OUTLIER_LOGIT_TAP] = 1, 4
            self.logits_ood = _norm_conv(width_in, 2, kernel=1, bias=True)

    def taps(self, image: Tensor) -> dict[str, Tensor]:
        """Every named feature map of a normalised image (B, 3, H, W).

        Returns:
            Name to (B, `tap_widths[name]`, H / stride, W / stride), strides in `tap_strides`.

        Raises:
            ValueError: height or width is not a multiple of `INPUT_MULTIPLE`.
        """
        check_input_size(image, multiple=INPUT_MULTIPLE)
        maps = self._encoded(_in_0_to_1(image))
        maps['context'] = x = self.run(self.spp, maps['block4'])
        rungs = cast('nn.ModuleDict', self.upsample['upsample_layers'])
        for rung, name in zip(rungs.values(), ('block3', 'block2', 'block1'), strict=True):
            x = self.run(rung, x, maps[name])
        maps['penultimate'] = x
        maps[LOGITS_TAP] = self.logits(x)
        if OUTLIER_LOGIT_TAP in self.tap_widths:
            inlier, outlier = self.logits_ood(x).split(1, dim=1)
            maps[OUTLIER_LOGIT_TAP] = outlier - inlier
        return maps

    def forward(self, image: Tensor) -> Tensor:
        """All logits (B, num_outputs, H, W) of a normalised image (B, 3, H, W)."""
        return _resized(self.taps(image)[LOGITS_TAP], image.shape[2:])

    def _encoded(self, x: Tensor) -> dict[str, Tensor]:
        maps = {}
        for name, layer in cast('nn.Sequential', self.backbone['features']).named_children():
            x = self.run(layer, x) if name.startswith('denseblock') else layer(x)
            if name.startswith('denseblock'):
                maps[name.removeprefix('dense')] = x
        return maps


class PyramidPooling(nn.Module):
    """The coarsest map beside its means over grids of four sizes."""

    def __init__(self) -> None:
        super().__init__()
        width = _CONTEXT_WIDTH
        level = width // len(_GRIDS)
        self.spp = nn.Sequential(
            OrderedDict(
                spp_bn=_norm_conv(_BLOCK_WIDTHS[-1], width, kernel=1),
                **{f'spp{i}': _norm_conv(width, level, kernel=1) for i in range(len(_GRIDS))},
                spp_fuse=_norm_conv(width + level * len(_GRIDS), width, kernel=1),
            )
        )

    def forward(self, x: Tensor) -> Tensor:
        first, *levels, last = self.spp
        x = first(x)
        height, width = x.shape[2:]
        pooled = [
            F.adaptive_avg_pool2d(x, (rows, max(1, round(rows * width / height))))
            for rows in _GRIDS
        ]
        views = [
            _resized(level(means), x.shape[2:])
            for level, means in zip(levels, pooled, strict=True)
        ]
        return cast('Tensor', last(torch.cat([x, *views], dim=1)))


class Rung(nn.Module):
    """Double the size, add the encoder's map of that size, blend."""

    def __init__(self, width_in: int, skip_width: int, width_out: int) -> None:
        super().__init__()
        self.bottleneck = _norm_conv(skip_width, width_in, kernel=1)
        self.blend_conv = _norm_conv(width_in, width_out, kernel=3)

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        return cast('Tensor', self.blend_conv(_resized(x, skip.shape[2:]) + self.bottleneck(skip)))


def _encoder() -> nn.Sequential:
    """Torchvision's feature layers as DenseHybrid has them."""
    layers = cast('nn.Sequential', densenet121(weights=None).features)
    del layers.norm5
    layers.pool0 = nn.MaxPool2d(2, stride=2)
    for name, layer in layers.named_children():
        if name.startswith('transition'):
            layer.pool = nn.AvgPool2d(3, stride=2, padding=1, count_include_pad=False)
    for module in layers.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = _MOMENTUM
    return layers


def _norm_conv(width_in: int, width_out: int, *, kernel: int, bias: bool = False) -> nn.Sequential:
    return nn.Sequential(
        OrderedDict(
            norm=nn.BatchNorm2d(width_in, momentum=_MOMENTUM),
            relu=nn.ReLU(inplace=True),
            conv=nn.Conv2d(width_in, width_out, kernel, padding=kernel // 2, bias=bias),
        )
    )


def _in_0_to_1(image: Tensor) -> Tensor:
    """Undo the normalisation; the files were trained on RGB in 0..1 as it is."""
    mean, std = (
        torch.tensor(each, device=image.device, dtype=image.dtype).view(1, 3, 1, 1)
        for each in (IMAGE_MEAN_RGB, IMAGE_STD_RGB)
    )
    return image * std + mean


def _resized(x: Tensor, size_hw: torch.Size) -> Tensor:
    return F.interpolate(x, size=size_hw, mode='bilinear', align_corners=False)
