"""What a network says of a batch beside its labels, at one size."""

from dataclasses import dataclass
from typing import cast

import torch.nn.functional as F
from torch import Tensor

from hopfield_pebal_ros.contract.energy import free_energy
from hopfield_pebal_ros.contract.labels import IGNORE_ID, OUTLIER_ID
from training.losses.object_weights import object_weights
from training.losses.selection import inlier_and_outlier
from training.memory.pattern_memory import MemoryEnergies
from training.models.anomaly_outputs import AnomalyOutputs, at_size


@dataclass(frozen=True)
class LabelledOutputs:
    """Outputs and labels at one size, and which pixels are what."""

    outputs: AnomalyOutputs
    labels: Tensor
    """(B, H, W) int64."""
    inlier: Tensor
    outlier: Tensor
    """(B, H, W) bool."""
    outlier_weights: Tensor | None = None
    """(B, H, W) float, how much each outlier pixel counts; None: all alike."""

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


def at_loss_stride(
    outputs: AnomalyOutputs,
    labels: Tensor,
    *,
    stride: int,
    outlier_share: float = 0.5,
    object_size_exponent: float = 0.0,
) -> LabelledOutputs:
    """Bring outputs of any stride and labels (B, H, W) uint8 to H / stride, W / stride.

    Args:
        outputs: of a network.
        labels: of the image.
        stride: image pixels per pixel of the result.
        outlier_share: see `labels_at_stride`.
        object_size_exponent: see `object_weights`; 0: no weights.
    """
    chosen = labels_at_stride(labels, stride=stride, outlier_share=outlier_share)
    height, width = chosen.shape[1:]
    inlier, outlier = inlier_and_outlier(chosen)
    weights = None
    if object_size_exponent:
        weights = object_weights(outlier, exponent=object_size_exponent)
    return LabelledOutputs(outputs.resized((height, width)), chosen, inlier, outlier, weights)


def labels_at_stride(labels: Tensor, *, stride: int, outlier_share: float = 0.5) -> Tensor:
    """Return labels (B, H / stride, W / stride) int64 of the cells of labels (B, H, W) uint8.

    A cell is an outlier where at least `outlier_share` of its pixels are; it is ignored where
    fewer are. All other cells have the label of their first pixel.
    """
    chosen = labels[:, ::stride, ::stride].long()
    share = F.avg_pool2d((labels == OUTLIER_ID)[:, None].float(), stride, ceil_mode=True)[:, 0]
    chosen = chosen.where(share == 0, IGNORE_ID)
    return chosen.where(share < outlier_share, OUTLIER_ID)
