"""DeepLabV3+ on ResNet-50 or ResNet-101, encoder and pyramid key for key torchvision's DeepLabV3.

Chen et al. 2018, "Encoder-Decoder with Atrous Separable Convolution for Semantic Image
Segmentation", with output stride 8 and plain convolutions in the decoder. Files of torchvision's
`resnet50` and `resnet101` fit `backbone`, files of `deeplabv3_resnet50` and `deeplabv3_resnet101`
fit `backbone` and `aspp`, there called `classifier.0`.
"""

from types import MappingProxyType
from typing import Final, Literal, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.models import resnet50, resnet101
from torchvision.models.segmentation.deeplabv3 import ASPP

from training.models.tapped_network import (
    LOGITS_TAP,
    TappedNetwork,
    check_batch_for_image_norm,
    check_input_size,
)

TAP_STRIDES: Final = MappingProxyType(
    {
        'layer1': 4, 'layer2': 8, 'layer3': 8, 'layer4': 8, 'context': 8,
        'penultimate': 4, LOGITS_TAP: 4,
    }
)  # fmt: skip
"""Feature maps by name: encoder, pyramid, decoder, all outputs."""

INPUT_MULTIPLE: Final = 8
"""Image height and width are multiples of it, so that every map has its exact stride."""

_ENCODER_WIDTHS: Final = (256, 512, 1024, 2048)
_WIDTH: Final = 256
_FINE_WIDTH: Final = 48
_ASPP_DILATIONS: Final = (12, 24, 36)


class DeepLabV3Plus(TappedNetwork):
    """Logits of K inlier classes and perhaps of abstention from a normalised image."""

    def __init__(
        self, *, depth: Literal[50, 101] = 50, num_classes: int = 19, has_abstention: bool = True
    ) -> None:
        """Build with random weights, drawn from torch's generator.

        Args:
            depth: of the ResNet.
            num_classes: K.
            has_abstention: whether there is an output K + 1.
        """
        super().__init__()
        self.num_classes = num_classes
        num_outputs = num_classes + has_abstention
        widths = (*_ENCODER_WIDTHS, _WIDTH, _WIDTH, num_outputs)
        self.tap_strides = dict(TAP_STRIDES)
        self.tap_widths = dict(zip(TAP_STRIDES, widths, strict=True))
        self.encoder_taps = ('layer1', 'layer2', 'layer3', 'layer4')
        resnet = resnet50 if depth == 50 else resnet101
        self.backbone = resnet(weights=None, replace_stride_with_dilation=[False, True, True])
        del self.backbone.avgpool, self.backbone.fc
        self.aspp = ASPP(_ENCODER_WIDTHS[-1], list(_ASPP_DILATIONS), _WIDTH)
        self.fine = _conv_norm_act(_ENCODER_WIDTHS[0], _FINE_WIDTH, kernel=1)
        self.decoder = nn.Sequential(
            _conv_norm_act(_WIDTH + _FINE_WIDTH, _WIDTH, kernel=3),
            _conv_norm_act(_WIDTH, _WIDTH, kernel=3),
        )
        self.classifier = nn.Conv2d(_WIDTH, num_outputs, 1)

    def taps(self, image: Tensor) -> dict[str, Tensor]:
        """Every named feature map of a normalised image (B, 3, H, W).

        Returns:
            Name to (B, `tap_widths[name]`, H / stride, W / stride), strides in `TAP_STRIDES`.

        Raises:
            ValueError: height or width is not a multiple of `INPUT_MULTIPLE`.
        """
        check_input_size(image, multiple=INPUT_MULTIPLE)
        check_batch_for_image_norm(image, norm=self.aspp.convs[-1][2])
        maps = self._encoded(image)
        maps['context'] = self.run(self.aspp, maps['layer4'])
        fine = self.fine(maps['layer1'])
        coarse = _resized_to(maps['context'], fine)
        maps['penultimate'] = self.decoder(torch.cat([fine, coarse], dim=1))
        maps[LOGITS_TAP] = self.classifier(maps['penultimate'])
        return maps

    def forward(self, image: Tensor) -> Tensor:
        """All logits (B, num_outputs, H, W) of a normalised image (B, 3, H, W)."""
        return _resized_to(self.taps(image)[LOGITS_TAP], image)

    def _encoded(self, image: Tensor) -> dict[str, Tensor]:
        encoder = self.backbone
        x = encoder.maxpool(encoder.relu(encoder.bn1(encoder.conv1(image))))
        maps = {}
        for name in ('layer1', 'layer2', 'layer3', 'layer4'):
            for block in cast('nn.Sequential', encoder.get_submodule(name)):
                x = self.run(block, x)
            maps[name] = x
        return maps


def _conv_norm_act(width_in: int, width_out: int, *, kernel: int) -> nn.Sequential:
    convolution = nn.Conv2d(width_in, width_out, kernel, padding=kernel // 2, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(width_out), nn.ReLU(inplace=True))


def _resized_to(x: Tensor, like: Tensor) -> Tensor:
    return F.interpolate(x, size=like.shape[2:], mode='bilinear', align_corners=False)
