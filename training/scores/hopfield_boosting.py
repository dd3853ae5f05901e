"""Hopfield Boosting: nearer to outlier patterns than to inlier patterns (Hofmann et al. 2024)."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from hopfield_pebal_ros.contract.energy import hopfield_boosting_energy
from training.scores.bands import in_bands
from training.scores.class_moments import present_classes
from training.scores.class_patterns import energy_per_class, filled
from training.scores.readings import FeatureStream, Readings, ScoreError, checked
from training.scores.reservoir import Reservoirs
from training.scores.score import Score, ScoreSettings, Unit
from training.scores.similarities import unit_length


@dataclass(frozen=True, kw_only=True)
class HopfieldBoostingSettings(ScoreSettings):
    beta: float = 16.0  # the authors: 4, for an embedding that was trained with it
    patterns_per_class: int = 64
    """And as many outlier patterns as inlier patterns of all classes together."""


class HopfieldBoosting(Score[HopfieldBoostingSettings]):
    """E = LME_beta(O^T z) - LME_beta(X^T z) of features of length 1.

    The authors train a projection of the features first; with features as they are this is the
    score alone. Inlier patterns are balanced over classes.
    """

    name: ClassVar[str] = 'hopfield_boosting'
    unit: ClassVar[Unit] = 'feature'
    inlier_patterns: Tensor  # (C, M, D)
    outlier_patterns: Tensor  # (K, M, D), groups without a meaning

    @classmethod
    def fit(cls, stream: FeatureStream, settings: HopfieldBoostingSettings) -> 'HopfieldBoosting':
        per_class = settings.patterns_per_class
        bounds = {'bound_mib': settings.memory_bound_mib, 'seed': settings.seed}
        inliers = Reservoirs(stream.num_classes, stream.width, capacity=per_class, **bounds)
        outliers = Reservoirs(1, stream.width, capacity=per_class * stream.num_classes, **bounds)
        for batch in checked(stream):
            correct, foreign = batch.correct(), batch.outliers()
            inliers.add(unit_length(correct.features), correct.labels)
            outliers.add(unit_length(foreign.features), torch.zeros_like(foreign.labels))
        if len(outliers.rows(0)) == 0:
            raise ScoreError(
                'no outlier example: hopfield_boosting stores outlier patterns; fit on frames '
                'with pasted outliers, or leave the score out'
            )
        ids = present_classes(inliers.counts(), leaves_out_empty=settings.leaves_out_empty_classes)
        stored = [filled(inliers.rows(each), per_class) for each in ids.tolist()]
        foreign_rows = filled(outliers.rows(0), per_class * stream.num_classes)
        return cls(
            settings,
            inlier_patterns=torch.stack(stored),
            outlier_patterns=foreign_rows.view(-1, per_class, stream.width),
        )

    @in_bands
    def energy(self, readings: Readings) -> Tensor:
        query = unit_length(readings.features)
        beta = self.settings.beta
        # groups are of equal length, so the mean over all patterns is the mean of their means
        found: Tensor = hopfield_boosting_energy(
            -energy_per_class(query, self.inlier_patterns, beta=beta),
            -energy_per_class(query, self.outlier_patterns, beta=beta),
            beta=beta,
        )
        return found
