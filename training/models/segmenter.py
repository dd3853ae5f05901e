"""A vision transformer with a linear decoder, in the manner of Segmenter; encoder from timm.

Strudel et al. 2021, "Segmenter: Transformer for Semantic Segmentation", section 3.2.1. The linear
decoder and not the mask transformer, because the latter normalises the logits of a pixel over the
classes, which takes the information out of their energy. Files of the same timm model fit
`encoder`.
"""

from typing import Any, Final, cast

import timm
import torch.nn.functional as F
from torch import Tensor, nn

from training.models.tapped_network import LOGITS_TAP, TappedNetwork, check_input_size

DEFAULT_ENCODER: Final = 'vit_small_patch16_224'
"""A name of timm; any of its vision transformers with a patch of a power of 2 will do."""

_NUM_DEPTHS: Final = 4


class Segmenter(TappedNetwork):
    """Logits of K inlier classes and perhaps of abstention, one cell a patch."""

    def __init__(
        self,
        *,
        encoder: str = DEFAULT_ENCODER,
        num_classes: int = 19,
        has_abstention: bool = True,
    ) -> None:
        """Build with random weights, drawn from torch's generator.

        Args:
            encoder: name of a vision transformer of timm.
            num_classes: K.
            has_abstention: whether there is an output K + 1.

        Raises:
            ValueError: timm has no such vision transformer, or its patch is no power of 2.
        """
        super().__init__()
        self.num_classes = num_classes
        num_outputs = num_classes + has_abstention
        transformer = _vision_transformer(encoder)
        self.encoder: Any = transformer
        self.patch = _patch_of(transformer, encoder)
        width, depth = transformer.embed_dim, len(transformer.blocks)
        self.depths = [depth * (i + 1) // _NUM_DEPTHS - 1 for i in range(_NUM_DEPTHS)]
        names = (*(f'block{each + 1}' for each in self.depths), LOGITS_TAP)
        self.encoder_taps = names[:-1]
        self.tap_strides = dict.fromkeys(names, self.patch)
        self.tap_widths = {**dict.fromkeys(names, width), LOGITS_TAP: num_outputs}
        self.classifier = nn.Conv2d(width, num_outputs, 1)
        nn.init.trunc_normal_(self.classifier.weight, std=0.02)

    def taps(self, image: Tensor) -> dict[str, Tensor]:
        """Maps of four depths, normalised by the encoder's last norm, and the logits.

        Returns:
            Name to (B, `tap_widths[name]`, H / patch, W / patch) of a normalised (B, 3, H, W).

        Raises:
            ValueError: height or width is not a multiple of the patch.
        """
        check_input_size(image, multiple=self.patch)
        self.encoder.set_grad_checkpointing(self.recomputes_activations)
        depths = self.encoder.forward_intermediates(
            image, indices=self.depths, norm=True, output_fmt='NCHW', intermediates_only=True
        )
        maps = {f'block{index + 1}': each for index, each in zip(self.depths, depths, strict=True)}
        maps[LOGITS_TAP] = self.classifier(depths[-1])
        return maps

    def forward(self, image: Tensor) -> Tensor:
        """All logits (B, num_outputs, H, W) of a normalised image (B, 3, H, W)."""
        logits = self.taps(image)[LOGITS_TAP]
        return F.interpolate(logits, size=image.shape[2:], mode='bilinear', align_corners=False)


def _vision_transformer(name: str) -> Any:  # timm's classes are not typed
    if name not in timm.list_models('vit_*'):
        raise ValueError(
            f'timm {timm.__version__} has no vision transformer {name!r}; choose from '
            'timm.list_models("vit_*")'
        )
    return timm.create_model(name, pretrained=False, num_classes=0, dynamic_img_size=True)


def _patch_of(encoder: Any, name: str) -> int:
    height, width = encoder.patch_embed.patch_size
    if height != width or height & (height - 1):
        raise ValueError(
            f'{name} has a patch of {height}x{width}; strides are powers of 2, so choose one of '
            'patch 8, 16 or 32'
        )
    return cast('int', height)
