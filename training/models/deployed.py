"""The module that is exported: camera pixels in, label map and energy map out."""

from typing import Final

import torch
from torch import Tensor, nn

from training.models.anomaly_network import AnomalyNetwork
from training.models.anomaly_outputs import AnomalyOutputs, at_size
from training.models.fusion import Fusion
from training.models.tap_head import HEAD_STRIDE

IMAGE_MEAN_RGB: Final = (0.485, 0.456, 0.406)
IMAGE_STD_RGB: Final = (0.229, 0.224, 0.225)
"""Of pixels in 0..1; the ImageNet constants that every reference method uses."""


def normalised(image: Tensor) -> Tensor:
    """Return the network's float input for an image (B, 3, H, W) uint8 RGB."""
    mean = torch.tensor(IMAGE_MEAN_RGB, device=image.device).view(1, 3, 1, 1)
    std = torch.tensor(IMAGE_STD_RGB, device=image.device).view(1, 3, 1, 1)
    return (image.float() / 255 - mean) / std


class DeployedModel(nn.Module):
    """Normalisation, network, arg-max, energies, their fusion and upsampling as one graph.

    A single energy is taken of upsampled logits, the order of PEBAL. Several are fused at the
    stride of the heads and the result is upsampled, which costs far less.
    """

    def __init__(
        self, network: AnomalyNetwork, fusion: Fusion, *, output_hw: tuple[int, int]
    ) -> None:
        super().__init__()
        self.network = network
        self.fusion = fusion
        self.output_hw = output_hw

    @property
    def num_classes(self) -> int:
        return self.network.num_classes

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Segment images and rate their pixels.

        Args:
            image: (N, H, W, 3) uint8 RGB.

        Returns:
            Label map (N, h, w) uint8 and energy map (N, h, w) float32 in the unit of the fusion,
            both of `output_hw`; higher energy is more anomalous.
        """
        outputs = self.outputs(image)
        if self.fusion.is_single:
            outputs, meeting_hw = outputs.resized(self.output_hw), self.output_hw
        else:
            meeting_hw = (image.shape[1] // HEAD_STRIDE, image.shape[2] // HEAD_STRIDE)
        labels = self.class_logits(outputs).argmax(dim=1)
        energy = self.fusion.energy(outputs, size_hw=meeting_hw)
        return labels.to(torch.uint8), at_size(energy[:, None], self.output_hw)[:, 0]

    def outputs(self, image: Tensor) -> AnomalyOutputs:
        """Return the network's maps for images (N, H, W, 3) uint8 RGB."""
        outputs: AnomalyOutputs = self.network(normalised(image.permute(0, 3, 1, 2)))
        return outputs

    def class_logits(self, outputs: AnomalyOutputs) -> Tensor:
        """Return the class logits (N, K, h, w) float32 at the size of the output."""
        return at_size(outputs.class_logits.float(), self.output_hw)
