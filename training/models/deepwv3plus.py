"""DeepLabV3+ on WideResNet-38, key for key the weight files of NVIDIA, PEBAL and DenseHybrid.

Zhu et al. 2019, "Improving Semantic Segmentation via Video Propagation and Label Relaxation". No
convolution has a bias; every upsampling is bilinear with aligned corners.
"""

from collections import OrderedDict
from typing import Final, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from training.models.tapped_network import (
    LOGITS_TAP,
    OUTLIER_LOGIT_TAP,
    TappedNetwork,
    check_batch_for_image_norm,
    check_input_size,
)
from training.models.wide_resnet38 import MODULES, blocks_of

PUBLISHED_WIDTH: Final = 64
"""Channels of the stem in every published file; all other widths are multiples of it."""

INPUT_MULTIPLE: Final = 8
"""Image height and width are multiples of it, so that every map has its exact stride."""

_STRIDES: Final = {'mod2': 2, 'mod3': 4, 'mod4': 8, 'mod5': 8, 'mod6': 8, 'mod7': 8}
_ASPP_DILATIONS: Final = (12, 24, 36)
_DENSE_HYBRID_MOMENTUM: Final = 0.01


class DeepWV3Plus(TappedNetwork):
    """Logits of K inlier classes, perhaps of abstention, perhaps of DenseHybrid's posterior."""

    def __init__(
        self,
        *,
        num_classes: int = 19,
        has_abstention: bool = True,
        has_posterior: bool = False,
        width: int = PUBLISHED_WIDTH,
    ) -> None:
        """Build with random weights, drawn from torch's generator.

        Args:
            num_classes: K.
            has_abstention: whether there is an output K + 1, as in PEBAL's files.
            has_posterior: whether DenseHybrid's head reads the decoder's input: two logits,
                inlier and outlier; the tap is their difference, the log-odds of an outlier.
            width: channels of the stem, a multiple of 4.
        """
        super().__init__()
        self.num_classes = num_classes
        num_outputs = num_classes + has_abstention
        reduced, fine = 4 * width, 3 * width // 4
        self._declare_taps(width, num_outputs=num_outputs, has_posterior=has_posterior)
        self.mod1 = nn.Sequential(OrderedDict(conv1=nn.Conv2d(3, width, 3, padding=1, bias=False)))
        self.pool2 = nn.MaxPool2d(3, stride=2, padding=1)
        self.pool3 = nn.MaxPool2d(3, stride=2, padding=1)
        width_in = width
        for name in MODULES:
            self.add_module(name, blocks_of(name, width_in, width=width))
            width_in = self.tap_widths[name]
        self.aspp = DilatedPyramid(width_in, reduced)
        self.bot_fine = nn.Conv2d(self.tap_widths['mod2'], fine, 1, bias=False)
        self.bot_aspp = nn.Conv2d(5 * reduced, reduced, 1, bias=False)
        self.final = nn.Sequential(
            *_conv_norm_act(fine + reduced, reduced, kernel=3),
            *_conv_norm_act(reduced, reduced, kernel=3),
            nn.Conv2d(reduced, num_outputs, 1, bias=False),
        )
        if has_posterior:
            self.logits_ood = _two_logits(fine + reduced)
        self.final.apply(_initialise)

    def taps(self, image: Tensor) -> dict[str, Tensor]:
        """Every named feature map of a normalised image (B, 3, H, W).

        Returns:
            Name to (B, `tap_widths[name]`, H / stride, W / stride), strides in `tap_strides`.

        Raises:
            ValueError: height or width is not a multiple of `INPUT_MULTIPLE`.
        """
        check_input_size(image, multiple=INPUT_MULTIPLE)
        maps = self._encoded(image)
        maps['context'] = self.bot_aspp(self.run(self.aspp, maps['mod7']))
        maps['decoder'] = torch.cat(
            [self.bot_fine(maps['mod2']), _resized_to(maps['context'], maps['mod2'])], dim=1
        )
        maps['penultimate'] = self.final[:-1](maps['decoder'])
        maps[LOGITS_TAP] = self.final[-1](maps['penultimate'])
        if OUTLIER_LOGIT_TAP in self.tap_widths:
            inlier, outlier = self.logits_ood(maps['decoder']).split(1, dim=1)
            maps[OUTLIER_LOGIT_TAP] = outlier - inlier
        return maps

    def forward(self, image: Tensor) -> Tensor:
        """All logits (B, num_outputs, H, W) of a normalised image (B, 3, H, W)."""
        return _resized_to(self.taps(image)[LOGITS_TAP], image)

    def _encoded(self, image: Tensor) -> dict[str, Tensor]:
        x = self.pool2(self.mod1(image))
        maps = {}
        for name in MODULES:
            for block in cast('nn.Sequential', self.get_submodule(name)):
                x = self.run(block, x)
            maps[name] = x
            if name == 'mod2':
                x = self.pool3(x)
        return maps

    def _declare_taps(self, width: int, *, num_outputs: int, has_posterior: bool) -> None:
        reduced, fine = 4 * width, 3 * width // 4
        self.tap_widths = {name: group.widths[-1] * width for name, group in MODULES.items()}
        self.tap_widths |= {'context': reduced, 'decoder': fine + reduced}
        self.tap_widths |= {'penultimate': reduced, LOGITS_TAP: num_outputs}
        self.encoder_taps = tuple(MODULES)
        self.tap_strides = {
            **_STRIDES, 'context': 8, 'decoder': 2, 'penultimate': 2, LOGITS_TAP: 2,
        }  # fmt: skip
        if has_posterior:
            self.tap_widths[OUTLIER_LOGIT_TAP], self.tap_strides[OUTLIER_LOGIT_TAP] = 1, 2


class DilatedPyramid(nn.Module):
    """Atrous spatial pyramid pooling at stride 8: the image's mean first, then four views."""

    def __init__(self, width_in: int, width_out: int) -> None:
        """Build with torch's default weights; the result has 5 times `width_out` channels."""
        super().__init__()
        self.features = nn.ModuleList(
            [
                nn.Sequential(*_conv_norm_act(width_in, width_out, kernel=1)),
                *(
                    nn.Sequential(
                        *_conv_norm_act(width_in, width_out, kernel=3, dilation=dilation)
                    )
                    for dilation in _ASPP_DILATIONS
                ),
            ]
        )
        self.img_conv = nn.Sequential(*_conv_norm_act(width_in, width_out, kernel=1))

    def forward(self, x: Tensor) -> Tensor:
        check_batch_for_image_norm(x, norm=self.img_conv[1])
        image_wide = self.img_conv(x.mean(dim=(2, 3), keepdim=True))
        views = [feature(x) for feature in self.features]
        return torch.cat([image_wide.expand_as(views[0]), *views], dim=1)


def _two_logits(width_in: int) -> nn.Sequential:
    return nn.Sequential(
        OrderedDict(
            norm=nn.BatchNorm2d(width_in, momentum=_DENSE_HYBRID_MOMENTUM),
            relu=nn.ReLU(),
            conv=nn.Conv2d(width_in, 2, 1),
        )
    )


def _conv_norm_act(
    width_in: int, width_out: int, *, kernel: int, dilation: int = 1
) -> list[nn.Module]:
    convolution = nn.Conv2d(
        width_in,
        width_out,
        kernel,
        padding=dilation * (kernel // 2),
        dilation=dilation,
        bias=False,
    )
    return [convolution, nn.BatchNorm2d(width_out), nn.ReLU(inplace=True)]


def _resized_to(x: Tensor, like: Tensor) -> Tensor:
    return F.interpolate(x, size=like.shape[2:], mode='bilinear', align_corners=True)


def _initialise(module: nn.Module) -> None:
    if isinstance(module, nn.Conv2d):
        nn.init.kaiming_normal_(module.weight)
