"""The module that is exported: camera pixels in, label map and energy map out."""

from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hopfield_pebal_ros.contract.energy import pebal_energy

IMAGE_MEAN_RGB: Final = (0.485, 0.456, 0.406)
IMAGE_STD_RGB: Final = (0.229, 0.224, 0.225)
"""Of pixels in 0..1; the ImageNet constants that every reference method uses."""


def normalised(image: Tensor) -> Tensor:
    """Return the network's float input for an image (B, 3, H, W) uint8 RGB."""
    mean = torch.tensor(IMAGE_MEAN_RGB, device=image.device).view(1, 3, 1, 1)
    std = torch.tensor(IMAGE_STD_RGB, device=image.device).view(1, 3, 1, 1)
    return (image.float() / 255 - mean) / std


class DeployedModel(nn.Module):
    """Normalisation, network, upsampling of logits, arg-max and energy as one graph.

    Logits are upsampled first and their energy taken after, the order of PEBAL.
    """

    def __init__(
        self, network: nn.Module, *, num_classes: int, output_hw: tuple[int, int]
    ) -> None:
        super().__init__()
        self.network = network
        self.num_classes = num_classes
        self.output_hw = output_hw

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Segment images and rate their pixels.

        Args:
            image: (N, H, W, 3) uint8 RGB.

        Returns:
            Label map (N, h, w) uint8 and energy map (N, h, w) float32 [nat], both of `output_hw`;
            higher energy is more anomalous.
        """
        logits = self.logits(image)
        labels = logits[:, : self.num_classes].argmax(dim=1)
        energy = pebal_energy(logits, num_classes=self.num_classes)
        return labels.to(torch.uint8), energy

    def logits(self, image: Tensor) -> Tensor:
        """Return logits (N, K + 1, h, w) float32 of images (N, H, W, 3) uint8 RGB."""
        logits = self.network(normalised(image.permute(0, 3, 1, 2)))
        return F.interpolate(
            logits.float(), size=self.output_hw, mode='bilinear', align_corners=False
        )
