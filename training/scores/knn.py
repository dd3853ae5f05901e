"""Distance to the k-th nearest stored feature, the costly reference (Sun et al. 2022)."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from training.scores.bands import in_bands
from training.scores.class_patterns import sampled_rows
from training.scores.readings import FeatureStream, Readings, ScoreError
from training.scores.score import Score, ScoreSettings, Unit
from training.scores.similarities import inner_products, unit_length

_CHUNK = 512  # stored features compared at a time


@dataclass(frozen=True, kw_only=True)
class NearestSettings(ScoreSettings):
    neighbour: int = 10
    patterns_per_class: int = 256


class NearestStored(Score[NearestSettings]):
    """E = 1 - cosine to the k-th nearest feature of all classes; in 0..2."""

    name: ClassVar[str] = 'knn'
    unit: ClassVar[Unit] = 'feature'
    patterns: Tensor  # (N, D)

    @classmethod
    def fit(cls, stream: FeatureStream, settings: NearestSettings) -> 'NearestStored':
        if settings.neighbour > settings.patterns_per_class:
            raise ScoreError(
                f'the neighbour {settings.neighbour} is beyond the {settings.patterns_per_class} '
                'stored features of a class: store more, or choose a nearer one'
            )
        _, rows = sampled_rows(stream, settings, per_class=settings.patterns_per_class)
        return cls(settings, patterns=unit_length(torch.cat(rows)))

    @in_bands
    def energy(self, readings: Readings) -> Tensor:
        query, k = unit_length(readings.features), self.settings.neighbour
        nearest: Tensor | None = None
        for stored in self.patterns.split(_CHUNK):
            found = inner_products(query, stored)
            candidates = found if nearest is None else torch.cat([nearest, found], dim=1)
            nearest = candidates.topk(min(k, candidates.shape[1]), dim=1).values
        if nearest is None:
            raise ScoreError('no stored features; fit the score again')
        return 1 - nearest[:, -1]
