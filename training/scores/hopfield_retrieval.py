"""Retrieval: how badly a memory of inlier patterns recalls a feature (Thota's Hopfield-PEBAL)."""

from typing import ClassVar

import torch.nn.functional as F
from torch import Tensor

from training.scores.bands import in_bands
from training.scores.class_patterns import sampled_patterns
from training.scores.hopfield_energy import ModernHopfieldSettings, retrieved
from training.scores.readings import FeatureStream, Readings
from training.scores.score import Score, Unit
from training.scores.similarities import unit_length


class HopfieldRetrieval(Score[ModernHopfieldSettings]):
    """E = 1 - <z, X softmax(beta X^T z)>; in 0..2 for vectors of length 1.

    `num_updates` more updates of the recalled pattern follow the first.
    """

    name: ClassVar[str] = 'hopfield_retrieval'
    unit: ClassVar[Unit] = 'feature'
    patterns: Tensor

    @classmethod
    def fit(cls, stream: FeatureStream, settings: ModernHopfieldSettings) -> 'HopfieldRetrieval':
        _, patterns = sampled_patterns(stream, settings, per_class=settings.patterns_per_class)
        if settings.is_unit_length:
            patterns = F.normalize(patterns, dim=2)
        return cls(settings, patterns=patterns)

    @in_bands
    def energy(self, readings: Readings) -> Tensor:
        query = readings.features
        if self.settings.is_unit_length:
            query = unit_length(query)
        recalled = query
        for _ in range(1 + self.settings.num_updates):
            recalled = retrieved(recalled, self.patterns, beta=self.settings.beta)
        return 1 - (query * recalled).sum(dim=1)
