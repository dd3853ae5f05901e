"""What a network says of a batch beside its labels, at one size."""

from dataclasses import dataclass
from typing import Final, cast

import torch.nn.functional as F
from torch import Tensor

from hopfield_pebal_ros.contract.energy import free_energy
from hopfield_pebal_ros.contract.labels import IGNORE_ID, OUTLIER_ID
from training.losses.selection import inlier_and_outlier
from training.memory.pattern_memory import MemoryEnergies
from training.models.anomaly_outputs import AnomalyOutputs, at_size

_MOSTLY: Final = 0.5
"""Share of a cell's pixels from which on the cell is an outlier."""


@dataclass(frozen=True)
class LabelledOutputs:
    """Outputs and labels at one size, and which pixels are what."""

    outputs: AnomalyOutputs
    labels: Tensor
    """(B, H, W) int64."""
    inlier: Tensor
    outlier: Tensor
    """(B, H, W) bool."""

    @property
    def pebal_energy(self) -> Tensor:
        """(B, H, W) [nat]."""
        return cast('Tensor', free_energy(self.outputs.adapted_logits))

    @property
    def embedding(self) -> Tensor:
        """(B, D, H, W), of any length."""
        if self.outputs.embedding is None:
            raise ValueError('the network has no embedding; give --branch.embedding-taps')
        return at_size(self.outputs.embedding, (self.labels.shape[1], self.labels.shape[2]))

    @property
    def outlier_logit(self) -> Tensor:
        """(B, H, W) log-odds."""
        if self.outputs.outlier_logit is None:
            raise ValueError('the network has no outlier posterior; give --branch.posterior-taps')
        return self.outputs.outlier_logit

    @property
    def memory(self) -> MemoryEnergies:
        """Maps (B, ..., H, W) of energies times beta [nat]."""
        energies, beta = self.outputs.memory, self.outputs.memory_beta
        if energies is None or beta is None:
            raise ValueError('the network has no pattern memory; give --branch.embedding-taps')
        return MemoryEnergies(*(beta * each for each in energies))


def at_loss_stride(outputs: AnomalyOutputs, labels: Tensor, *, stride: int) -> LabelledOutputs:
    """Bring outputs of any stride and labels (B, H, W) uint8 to H / stride, W / stride."""
    chosen = labels_at_stride(labels, stride=stride)
    height, width = chosen.shape[1:]
    inlier, outlier = inlier_and_outlier(chosen)
    return LabelledOutputs(outputs.resized((height, width)), chosen, inlier, outlier)


def labels_at_stride(labels: Tensor, *, stride: int) -> Tensor:
    """Return labels (B, H / stride, W / stride) int64 of the cells of labels (B, H, W) uint8.

    A cell is an outlier where at least half of its pixels are; it is ignored where fewer are. All
    other cells have the label of their first pixel.
    """
    chosen = labels[:, ::stride, ::stride].long()
    share = F.avg_pool2d((labels == OUTLIER_ID)[:, None].float(), stride, ceil_mode=True)[:, 0]
    chosen = chosen.where(share == 0, IGNORE_ID)
    return chosen.where(share < _MOSTLY, OUTLIER_ID)
