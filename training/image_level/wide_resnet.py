"""WRN-40-2: the wide residual network of the CIFAR protocols (Zagoruyko and Komodakis 2016)."""

from typing import cast

import torch.nn.functional as F
from torch import Tensor, nn


class WideResNet(nn.Module):
    """Pre-activation blocks; 128 features for 40 layers and width 2."""

    def __init__(
        self, *, num_classes: int, depth: int = 40, width: int = 2, dropout: float = 0.3
    ) -> None:
        """Build with random weights; `depth` is 6 n + 4."""
        super().__init__()
        blocks = (depth - 4) // 6
        widths = (16, 16 * width, 32 * width, 64 * width)
        self.conv1 = nn.Conv2d(3, 16, 3, padding=1, bias=False)
        self.stages = nn.Sequential(
            *(
                _stage(widths[index], widths[index + 1], blocks, stride=stride, dropout=dropout)
                for index, stride in enumerate((1, 2, 2))
            )
        )
        self.bn1 = nn.BatchNorm2d(widths[3])
        self.fc = nn.Linear(widths[3], num_classes)

    def volume(self, image: Tensor) -> Tensor:
        """Last feature map (B, D, H / 4, W / 4) of a normalised image (B, 3, H, W)."""
        return F.relu(self.bn1(self.stages(self.conv1(image))))

    def classify(self, features: Tensor) -> Tensor:
        """Logits (B, K) of pooled features (B, D)."""
        return cast('Tensor', self.fc(features))


class _Block(nn.Module):
    def __init__(self, width_in: int, width_out: int, *, stride: int, dropout: float) -> None:
        super().__init__()
        self.bn1 = nn.BatchNorm2d(width_in)
        self.conv1 = nn.Conv2d(width_in, width_out, 3, stride=stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width_out)
        self.dropout = nn.Dropout(dropout)
        self.conv2 = nn.Conv2d(width_out, width_out, 3, padding=1, bias=False)
        self.shortcut = (
            nn.Identity()
            if width_in == width_out and stride == 1
            else nn.Conv2d(width_in, width_out, 1, stride=stride, bias=False)
        )

    def forward(self, x: Tensor) -> Tensor:
        activated = F.relu(self.bn1(x))
        is_plain = isinstance(self.shortcut, nn.Identity)
        shortcut = x if is_plain else self.shortcut(activated)
        out = self.conv2(self.dropout(F.relu(self.bn2(self.conv1(activated)))))
        return cast('Tensor', out + shortcut)


def _stage(
    width_in: int, width_out: int, blocks: int, *, stride: int, dropout: float
) -> nn.Sequential:
    first = _Block(width_in, width_out, stride=stride, dropout=dropout)
    rest = (_Block(width_out, width_out, stride=1, dropout=dropout) for _ in range(blocks - 1))
    return nn.Sequential(first, *rest)
