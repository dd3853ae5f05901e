"""HEAT's residual energy: a small network on features that corrects a prior's energy."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Final, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from training.scores.similarities import inner_products

_SLOPE: Final = 0.2  # of LeakyReLU, the authors'


@dataclass(frozen=True, kw_only=True)
class ResidualShape:
    """Size of the network; the authors: 1024 channels, 4 hidden layers that share one matrix."""

    width: int = 256
    num_hidden: int = 2


class ResidualEnergy(nn.Module):
    """g(z): features standardised on the inliers, layers of LeakyReLU, one number in nat."""

    mean: Tensor
    scale: Tensor

    def __init__(self, num_features: int, shape: ResidualShape) -> None:
        """Build with random weights, drawn from torch's generator; the output starts at 0."""
        super().__init__()
        widths = [num_features] + [shape.width] * (1 + shape.num_hidden)
        self.layers = nn.ModuleList(nn.Linear(before, after) for before, after in pairwise(widths))
        self.output = nn.Linear(shape.width, 1)
        nn.init.zeros_(self.output.weight)
        nn.init.zeros_(self.output.bias)
        self.register_buffer('mean', torch.zeros(num_features))
        self.register_buffer('scale', torch.ones(num_features))

    def standardise_on(self, features: Tensor) -> None:
        """Fix mean and scale from features (N, D)."""
        self.mean.copy_(features.mean(dim=0))
        self.scale.copy_(features.std(dim=0, correction=0).clamp(min=1e-6))

    def forward(self, features: Tensor) -> Tensor:
        """Return (B, H, W) for features (B, D, H, W), (N,) for (N, D)."""
        shape = (1, -1) + (1,) * (features.ndim - 2)
        hidden = (features - self.mean.view(shape)) / self.scale.view(shape)
        for layer in cast('list[nn.Linear]', self.layers):
            hidden = inner_products(hidden, layer.weight, layer.bias)
            hidden = F.leaky_relu(hidden, _SLOPE, inplace=True)
        return inner_products(hidden, self.output.weight, self.output.bias).squeeze(1)


def new_residual(num_features: int, shape: ResidualShape, *, seed: int) -> ResidualEnergy:
    """Return a residual with random weights of a seed, torch's generator left as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return ResidualEnergy(num_features, shape)
