"""LR-ASPP on MobileNetV3-Large, key for key torchvision's network.

Howard et al. 2019, "Searching for MobileNetV3", section 6.4, built by torchvision with output
stride 16. Files of `lraspp_mobilenet_v3_large` fit but for the two classifiers, files of
`mobilenet_v3_large` fit its `backbone`.
"""

from types import MappingProxyType
from typing import Final, cast

import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.models.segmentation import lraspp_mobilenet_v3_large

from training.models.tapped_network import LOGITS_TAP, TappedNetwork, check_input_size

TAP_STRIDES: Final = MappingProxyType(
    {'l1': 2, 'l2': 4, 'low': 8, 'l3': 8, 'l4': 16, 'l5': 16, 'context': 16, LOGITS_TAP: 8}
)
"""Feature maps by name: encoder, what the head adds (`low`, `context`), all K + 1 outputs."""

INPUT_MULTIPLE: Final = 16
"""Image height and width are multiples of it, so that every map has its exact stride."""

_ENCODER_TAPS: Final = MappingProxyType(
    {'1': 'l1', '3': 'l2', '4': 'low', '6': 'l3', '12': 'l4', '16': 'l5'}
)
"""Torchvision's block to its tap: the last block of each stride, and what the head reads."""
_TAP_WIDTHS: Final = (16, 24, 40, 40, 112, 960, 128)


class LRASPP(TappedNetwork):
    """Logits of K inlier classes and one abstention output from a normalised image."""

    def __init__(self, *, num_classes: int = 19) -> None:
        """Build with random weights, drawn from torch's generator.

        Args:
            num_classes: K; the network has K + 1 outputs, abstention last.
        """
        super().__init__()
        built = lraspp_mobilenet_v3_large(
            weights=None, weights_backbone=None, num_classes=num_classes + 1
        )
        self.num_classes = num_classes
        self.tap_strides = dict(TAP_STRIDES)
        self.tap_widths = dict(zip(TAP_STRIDES, (*_TAP_WIDTHS, num_classes + 1), strict=True))
        self.encoder_taps = tuple(_ENCODER_TAPS.values())
        self.backbone = cast('nn.ModuleDict', built.backbone)
        self.classifier = built.classifier

    def taps(self, image: Tensor) -> dict[str, Tensor]:
        """Every named feature map of a normalised image (B, 3, H, W).

        Returns:
            Name to (B, `tap_widths[name]`, H / stride, W / stride), strides in `TAP_STRIDES`.

        Raises:
            ValueError: height or width is not a multiple of `INPUT_MULTIPLE`.
        """
        check_input_size(image, multiple=INPUT_MULTIPLE)
        maps = {}
        for index, block in self.backbone.items():
            image = block(image)
            if index in _ENCODER_TAPS:
                maps[_ENCODER_TAPS[index]] = image
        maps['context'] = self.classifier.cbr(maps['l5']) * self.classifier.scale(maps['l5'])
        maps[LOGITS_TAP] = self._logits(low=maps['low'], context=maps['context'])
        return maps

    def forward(self, image: Tensor) -> Tensor:
        """Logits (B, K + 1, H / 8, W / 8) of a normalised image (B, 3, H, W)."""
        return self.taps(image)[LOGITS_TAP]

    def _logits(self, *, low: Tensor, context: Tensor) -> Tensor:
        fine = F.interpolate(context, size=low.shape[2:], mode='bilinear', align_corners=False)
        head = self.classifier
        return cast('Tensor', head.low_classifier(low) + head.high_classifier(fine))
