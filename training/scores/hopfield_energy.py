"""Energy of a modern Hopfield network with the stored inlier patterns (Ramsauer et al. 2021)."""

import math
from dataclasses import dataclass
from typing import ClassVar, Final

import torch
import torch.nn.functional as F
from torch import Tensor

from hopfield_pebal_ros.contract.energy import hopfield_energy
from training.scores.bands import in_bands
from training.scores.class_patterns import energy_per_class, sampled_patterns
from training.scores.readings import FeatureStream, Readings
from training.scores.score import Score, ScoreSettings, Unit
from training.scores.similarities import inner_products, unit_length

_RETRIEVED_ROWS: Final = 256
"""Patterns whose similarities are in memory at a time."""


@dataclass(frozen=True, kw_only=True)
class ModernHopfieldSettings(ScoreSettings):
    beta: float = 32.0  # at 8 the mean of all patterns wins, at 100 the nearest one
    patterns_per_class: int = 64
    is_unit_length: bool = True
    """Normalise features and patterns; otherwise the length of the feature dominates."""
    num_updates: int = 0
    """Retrieval steps before the energy is taken; none of them raises it."""


class ModernHopfieldEnergy(Score[ModernHopfieldSettings]):
    """E = |z|^2 / 2 - (1 / beta) log mean_m exp(beta <x_m, z>) + M^2 / 2, M the longest pattern.

    Between 0 and 2 M^2 for |z| <= M.
    """

    name: ClassVar[str] = 'hopfield_energy'
    unit: ClassVar[Unit] = 'feature'
    patterns: Tensor

    @classmethod
    def fit(
        cls, stream: FeatureStream, settings: ModernHopfieldSettings
    ) -> 'ModernHopfieldEnergy':
        _, patterns = sampled_patterns(stream, settings, per_class=settings.patterns_per_class)
        if settings.is_unit_length:
            patterns = F.normalize(patterns, dim=2)
        return cls(settings, patterns=patterns)

    @in_bands
    def energy(self, readings: Readings) -> Tensor:
        state = readings.features
        if self.settings.is_unit_length:
            state = unit_length(state)
        for _ in range(self.settings.num_updates):
            state = retrieved(state, self.patterns, beta=self.settings.beta)
        per_class = energy_per_class(state, self.patterns, beta=self.settings.beta)
        nearness: Tensor = hopfield_energy(-per_class, beta=self.settings.beta)
        longest = self.patterns.square().sum(dim=2).max()
        return 0.5 * state.square().sum(dim=1) + nearness + 0.5 * longest


def retrieved(state: Tensor, patterns: Tensor, *, beta: float) -> Tensor:
    """One update X softmax(beta X^T z), some patterns at a time.

    Args:
        state: z, (B, D, H, W) or (N, D).
        patterns: X in groups, (G, M, D).
        beta: inverse temperature, > 0.
    """
    peak = state.new_full((), -math.inf)
    weight, recalled = state.new_zeros(()), state.new_zeros(())
    for group in patterns.flatten(0, 1).split(_RETRIEVED_ROWS):
        similarities = inner_products(state, beta * group)
        new_peak = torch.maximum(peak, similarities.amax(dim=1, keepdim=True))
        rescale, shares = (peak - new_peak).exp(), similarities.sub_(new_peak).exp_()
        weight = weight * rescale + shares.sum(dim=1, keepdim=True)
        recalled = recalled * rescale + inner_products(shares, group.T)
        peak = new_peak
    return recalled / weight
