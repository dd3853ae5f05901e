"""What an anomaly network says of each pixel, and the anomaly energies that follow from it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final, cast

import torch
import torch.nn.functional as F
from torch import Tensor

from hopfield_pebal_ros.contract.energy import abstention_energy, dense_hybrid_energy, free_energy
from training.memory.pattern_memory import MemoryEnergies, PatternMemory


@dataclass(frozen=True, kw_only=True)
class AnomalyOutputs:
    """Maps of a batch; h, w are the image's height and width over the stride of the map."""

    class_logits: Tensor
    """(B, K, h, w) of the closed-set network, at its own stride."""
    background_logit: Tensor | None
    """(B, h, w) of the closed-set network's last output, where it has K + 1 of them."""
    adapted_logits: Tensor
    """(B, K, h, w) class logits plus the residual: what energy and PEBAL losses train."""
    abstention_logit: Tensor
    """(B, h, w) background logit, 0 where the network has none, plus the residual."""
    embedding: Tensor | None = None
    """(B, D, h, w) of length 1 over D."""
    memory: MemoryEnergies | None = None
    """Hopfield energies of the embedding towards the patterns of the memory [cosine], for the
    losses: in training mode only."""
    memory_beta: Tensor | None = None
    """Inverse temperature of the memory, scalar; beta times its energies are in nats."""
    patterns: PatternMemory | None = None
    """What the embedding is compared with; energies are taken when asked for."""
    outlier_logit: Tensor | None = None
    """(B, h, w) log-odds of the outlier posterior, in nats."""

    @property
    def abstaining_logits(self) -> Tensor:
        """(B, K + 1, h, w) adapted logits and the abstention logit, PEBAL's output."""
        return torch.cat([self.adapted_logits, self.abstention_logit[:, None]], dim=1)

    def resized(self, size_hw: tuple[int, int]) -> 'AnomalyOutputs':
        """Return all but the embedding in float32 at one size, by `at_size`."""
        class_logits = at_size(self.class_logits.float(), size_hw)
        is_adapted = self.adapted_logits is not self.class_logits
        return replace(
            self,
            class_logits=class_logits,
            background_logit=_map_at_size(self.background_logit, size_hw),
            adapted_logits=(
                at_size(self.adapted_logits.float(), size_hw) if is_adapted else class_logits
            ),
            abstention_logit=cast('Tensor', _map_at_size(self.abstention_logit, size_hw)),
            memory=None if self.memory is None else _memory_at_size(self.memory, size_hw),
            outlier_logit=_map_at_size(self.outlier_logit, size_hw),
        )


ENERGIES: Final[Mapping[str, Callable[[AnomalyOutputs], Tensor | None]]] = MappingProxyType(
    {
        'free_energy': lambda of: free_energy(of.class_logits),
        'pebal_energy': lambda of: free_energy(of.adapted_logits),
        'abstention_energy': lambda of: abstention_energy(of.adapted_logits, of.abstention_logit),
        'background_energy': lambda of: (
            None
            if of.background_logit is None
            else abstention_energy(of.class_logits, of.background_logit)
        ),
        'outlier_logit': lambda of: of.outlier_logit,
        'dense_hybrid_energy': lambda of: (
            None
            if of.outlier_logit is None
            else dense_hybrid_energy(of.adapted_logits, of.outlier_logit)
        ),
        'hopfield_boosting_energy': lambda of: (
            None
            if of.patterns is None or of.embedding is None
            else of.patterns.energy(of.embedding)
        ),
        'retrieval_energy': lambda of: (
            None
            if of.patterns is None or of.embedding is None
            else of.patterns.retrieval_energy(of.embedding)
        ),
        'modern_hopfield_energy': lambda of: (
            None
            if of.patterns is None or of.embedding is None
            else of.patterns.modern_energy(of.embedding)
        ),
    }
)
"""Name to energy (B, h, w), higher is more anomalous; None where the network lacks the part."""

OF_FEATURES: Final = frozenset(
    {'hopfield_boosting_energy', 'retrieval_energy', 'modern_hopfield_energy'}
)
"""Energies in units of the embedding; all others are in nats."""


def energy_of(outputs: AnomalyOutputs, name: str) -> Tensor:
    """Return one energy of `ENERGIES`, (B, h, w) float.

    Raises:
        ValueError: an unknown name, or a network without the part that it needs.
    """
    if name not in ENERGIES:
        raise ValueError(f'no energy {name!r}; choose from {", ".join(ENERGIES)}')
    energy = ENERGIES[name](outputs)
    if energy is None:
        raise ValueError(
            f'{name} needs a part that this network lacks; give its branch the taps for it, or '
            'leave it out of --energies'
        )
    return energy


def at_size(x: Tensor, size_hw: tuple[int, int]) -> Tensor:
    """Bring maps (B, C, h, w) to another size: means of whole cells, else bilinear.

    Cells lie over the pixels that they were made of, as in `contract.geometry`, also for networks
    whose authors align corners outside of them: that would move a map by up to half a cell.
    """
    height, width = x.shape[2:]
    if (height, width) == size_hw:
        return x
    if height % size_hw[0] == 0 and width % size_hw[1] == 0:
        return F.avg_pool2d(x, (height // size_hw[0], width // size_hw[1]))
    return F.interpolate(x, size=size_hw, mode='bilinear', align_corners=False)


def _map_at_size(x: Tensor | None, size_hw: tuple[int, int]) -> Tensor | None:
    return None if x is None else at_size(x.float()[:, None], size_hw)[:, 0]


def _memory_at_size(memory: MemoryEnergies, size_hw: tuple[int, int]) -> MemoryEnergies:
    joined = torch.cat([memory.of_class, memory.inlier[:, None], memory.outlier[:, None]], dim=1)
    joined = at_size(joined, size_hw)
    return MemoryEnergies(joined[:, :-2], joined[:, -2], joined[:, -1])
