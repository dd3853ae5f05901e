"""ESPNetv2 for semantic segmentation, key for key the published Cityscapes weight files.

Mehta et al. 2019, "ESPNetv2: A Light-weight, Power Efficient, and General Purpose Convolutional
Neural Network", with the decoder of the authors' EdgeNets repository (sacmehta/EdgeNets, MIT).

Input is RGB in 0..1 less the ImageNet mean over its deviation (`deployed.normalised`), resized
to 1024x512 as the files were trained. Outputs are the 19 Cityscapes classes in train id order and
a background output last. The background was in the softmax of training but never a target, so it
was only ever pushed down on labelled pixels.
"""

from types import MappingProxyType
from typing import Final, NamedTuple

import torch.nn.functional as F
from torch import Tensor, nn

from training.models.eesp_blocks import EESP, DownSampler, conv_norm
from training.models.efficient_pyramid import EfficientPyramidPool, GatedLateral
from training.models.tapped_network import LOGITS_TAP, TappedNetwork, check_input_size

ENCODER_WIDTHS: Final = MappingProxyType(
    {
        0.5: (16, 32, 64, 128),
        1.0: (32, 64, 128, 256),
        2.0: (32, 128, 256, 512),
    }
)
"""Width factor s of the paper to channels at strides 2, 4, 8 and 16."""

DECODER_WIDTHS: Final = (64, 48, 32)
"""Channels at strides 16, 8 and 4."""

TAP_STRIDES: Final = MappingProxyType(
    {
        'l1': 2, 'l2': 4, 'l3': 8, 'l4': 16,
        'd1': 16, 'd2': 8, 'd3': 4,
        'penultimate': 2, LOGITS_TAP: 2,
    }
)  # fmt: skip
"""Feature maps by name: encoder, decoder, input of the classifier, all K + 1 outputs."""

INPUT_MULTIPLE: Final = 16
"""Image height and width are multiples of it, so that every lateral sum fits."""

_BLOCKS: Final = {3: 3, 4: 7}  # EESP blocks after the down-sampling of encoder levels 3 and 4
_WIDEST_SQUEEZE: Final = 16
_WIDE, _NARROW = (1, 2, 3, 4), (1, 1, 2, 3)  # dilations; level 4's blocks see at most 7 pixels


class SegmentationLogits(NamedTuple):
    """What the closed-set network says of each pixel, at stride 2."""

    class_logits: Tensor  # (B, K, H / 2, W / 2)
    background_logit: Tensor  # (B, H / 2, W / 2)


class EspnetEncoder(nn.Module):
    """The part that was trained on ImageNet first: maps at strides 2, 4, 8 and 16."""

    def __init__(self, widths: tuple[int, int, int, int]) -> None:
        super().__init__()
        self.level1 = conv_norm(3, widths[0], kernel=3, stride=2, activated=True)
        self.level2_0 = DownSampler(widths[0], widths[1], dilations=_WIDE, stride=4)
        self.level3_0 = DownSampler(widths[1], widths[2], dilations=_WIDE, stride=8)
        self.level3 = nn.Sequential(
            *(EESP(widths[2], widths[2], dilations=_WIDE) for _ in range(_BLOCKS[3]))
        )
        self.level4_0 = DownSampler(widths[2], widths[3], dilations=_WIDE, stride=16)
        self.level4 = nn.Sequential(
            *(EESP(widths[3], widths[3], dilations=_NARROW) for _ in range(_BLOCKS[4]))
        )

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        l1 = self.level1(image)
        l2 = self.level2_0(l1, image)
        l3 = self.level3(self.level3_0(l2, image))
        l4 = self.level4(self.level4_0(l3, image))
        return l1, l2, l3, l4


class ESPNetv2(TappedNetwork):
    """Logits of K inlier classes and of the background from a normalised image."""

    def __init__(self, *, width_factor: float, num_classes: int = 19) -> None:
        """Build with random weights, drawn from torch's generator.

        Args:
            width_factor: s of the paper, a key of `ENCODER_WIDTHS`.
            num_classes: K; the network has K + 1 outputs, background last.

        Raises:
            ValueError: another width factor.
        """
        super().__init__()
        if width_factor not in ENCODER_WIDTHS:
            raise ValueError(
                f'width_factor must be one of {sorted(ENCODER_WIDTHS)}, got {width_factor}'
            )
        self.num_classes = num_classes
        encoder = ENCODER_WIDTHS[width_factor]
        outputs, (d1, d2, d3) = num_classes + 1, DECODER_WIDTHS
        squeezed = min(outputs // 2, _WIDEST_SQUEEZE)
        widths = (*encoder, d1, d2, d3, squeezed, outputs)
        self.tap_strides = dict(TAP_STRIDES)
        self.tap_widths = dict(zip(TAP_STRIDES, widths, strict=True))
        self.encoder_taps = ('l1', 'l2', 'l3', 'l4')
        self.base_net = EspnetEncoder(encoder)
        self.bu_dec_l1 = EfficientPyramidPool(encoder[3], d1, squeezed_width=squeezed)
        self.bu_dec_l2 = EfficientPyramidPool(d1, d2, squeezed_width=squeezed)
        self.bu_dec_l3 = EfficientPyramidPool(d2, d3, squeezed_width=squeezed)
        self.bu_dec_l4 = EfficientPyramidPool(d3, outputs, squeezed_width=squeezed, is_last=True)
        self.merge_enc_dec_l2 = GatedLateral(encoder[2], d1)
        self.merge_enc_dec_l3 = GatedLateral(encoder[1], d2)
        self.merge_enc_dec_l4 = GatedLateral(encoder[0], d3)
        self.bu_br_l2, self.bu_br_l3, self.bu_br_l4 = (
            nn.Sequential(nn.BatchNorm2d(width), nn.PReLU(width)) for width in DECODER_WIDTHS
        )
        self.apply(_initialise)

    @property
    def classifier(self) -> nn.Conv2d:
        """1x1 convolution from the tap `penultimate` to the tap `logits`."""
        return self.bu_dec_l4.classifier

    def taps(self, image: Tensor) -> dict[str, Tensor]:
        """Every named feature map of a normalised image (B, 3, H, W).

        Returns:
            Name to (B, `tap_widths[name]`, H / stride, W / stride), strides in `TAP_STRIDES`.

        Raises:
            ValueError: height or width is not a multiple of `INPUT_MULTIPLE`.
        """
        check_input_size(image, multiple=INPUT_MULTIPLE)
        l1, l2, l3, l4 = self.base_net(image)
        d1 = self.bu_dec_l1(l4)
        d2 = self.bu_dec_l2(self.bu_br_l2(_doubled(d1) + self.merge_enc_dec_l2(l3)))
        d3 = self.bu_dec_l3(self.bu_br_l3(_doubled(d2) + self.merge_enc_dec_l3(l2)))
        fine = self.bu_br_l4(_doubled(d3) + self.merge_enc_dec_l4(l1))
        penultimate = self.bu_dec_l4.features(fine)
        maps = (l1, l2, l3, l4, d1, d2, d3, penultimate, self.classifier(penultimate))
        return dict(zip(TAP_STRIDES, maps, strict=True))

    def features(self, image: Tensor) -> Tensor:
        """Input (B, D, H / 2, W / 2) of the classifier for a normalised image (B, 3, H, W)."""
        return self.taps(image)['penultimate']

    def segment(self, image: Tensor) -> SegmentationLogits:
        """Class logits and background logit of a normalised image (B, 3, H, W)."""
        logits = self.taps(image)[LOGITS_TAP]
        return SegmentationLogits(logits[:, : self.num_classes], logits[:, self.num_classes])

    def forward(self, image: Tensor) -> Tensor:
        """Class logits (B, K, H / 2, W / 2), no background, of a normalised (B, 3, H, W)."""
        return self.segment(image).class_logits


def _doubled(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2, mode='bilinear', align_corners=True)


def _initialise(module: nn.Module) -> None:
    if isinstance(module, nn.Conv2d):
        nn.init.kaiming_normal_(module.weight, mode='fan_out')
        if module.bias is not None:
            nn.init.zeros_(module.bias)
