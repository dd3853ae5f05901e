"""ResNet-20 for 32x32 pictures, key for key the widespread CIFAR-10 weight files."""

from typing import cast

import torch.nn.functional as F
from torch import Tensor, nn


class CifarResNet(nn.Module):
    """Three stages of 16, 32 and 64 channels; shortcuts without weights (He et al. 2016, A)."""

    def __init__(self, *, num_classes: int, blocks: int = 3) -> None:
        """Build with random weights; 6 * blocks + 2 layers."""
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        self.layer1 = _stage(16, 16, blocks, stride=1)
        self.layer2 = _stage(16, 32, blocks, stride=2)
        self.layer3 = _stage(32, 64, blocks, stride=2)
        self.linear = nn.Linear(64, num_classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.Linear):
                nn.init.kaiming_normal_(module.weight)

    def volume(self, image: Tensor) -> Tensor:
        """Last feature map (B, 64, H / 4, W / 4) of a normalised image (B, 3, H, W)."""
        x = F.relu(self.bn1(self.conv1(image)))
        return cast('Tensor', self.layer3(self.layer2(self.layer1(x))))

    def classify(self, features: Tensor) -> Tensor:
        """Logits (B, K) of pooled features (B, 64)."""
        return cast('Tensor', self.linear(features))


class _Block(nn.Module):
    def __init__(self, width_in: int, width_out: int, *, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(width_in, width_out, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(width_out)
        self.conv2 = nn.Conv2d(width_out, width_out, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width_out)
        self._stride = stride
        self._new_channels = width_out - width_in

    def forward(self, x: Tensor) -> Tensor:
        out = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        shortcut = x[:, :, :: self._stride, :: self._stride]
        half = self._new_channels // 2
        return F.relu(out + F.pad(shortcut, (0, 0, 0, 0, half, self._new_channels - half)))


def _stage(width_in: int, width_out: int, blocks: int, *, stride: int) -> nn.Sequential:
    first = _Block(width_in, width_out, stride=stride)
    return nn.Sequential(
        first, *(_Block(width_out, width_out, stride=1) for _ in range(blocks - 1))
    )
