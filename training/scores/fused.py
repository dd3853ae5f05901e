"""The fused Hopfield-PEBAL energy: a convex sum of standardised energies of different kinds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from training.calibration.fusion_weights import fusion_weights
from training.scores.composition import StandardisedScores
from training.scores.dense_hybrid import DenseHybrid, DenseHybridSettings
from training.scores.hopfield_boosting import HopfieldBoosting, HopfieldBoostingSettings
from training.scores.pebal import PebalEnergy, PebalSettings
from training.scores.readings import FeatureStream, Readings, checked
from training.scores.reservoir import Reservoirs
from training.scores.score import Score, ScoreSettings, Unit, tensors_of
from training.scores.similarities import inner_products

_INLIER, _OUTLIER = 0, 1


@dataclass(frozen=True, kw_only=True)
class FusedSettings(ScoreSettings):
    examples: int = 50_000
    """Of inliers, and as many of outliers, that the weights are fitted on."""
    pebal: PebalSettings = field(default_factory=PebalSettings)
    boosting: HopfieldBoostingSettings = field(default_factory=HopfieldBoostingSettings)
    hybrid: DenseHybridSettings = field(default_factory=DenseHybridSettings)


class FusedEnergy(Score[FusedSettings]):
    """E = sum_i w_i (E_i - mean_i) / deviation_i over PEBAL, Hopfield Boosting and DenseHybrid.

    The weights are >= 0, sum to 1, and tell the pasted outliers of the stream from its inliers
    best. The scores are fitted on features as they are; a network that was trained for this
    energy brings its own (`models.fusion`).
    """

    name: ClassVar[str] = 'fused'
    unit: ClassVar[Unit] = 'inlier standard deviation'
    weights: Tensor  # (3,)

    def __init__(
        self, settings: FusedSettings, parts: StandardisedScores, weights: Tensor
    ) -> None:
        super().__init__(settings, weights=weights)
        self.parts = parts

    @classmethod
    def fit(cls, stream: FeatureStream, settings: FusedSettings) -> 'FusedEnergy':
        scores = (
            PebalEnergy.fit(stream, settings.pebal),
            HopfieldBoosting.fit(stream, settings.boosting),
            DenseHybrid.fit(stream, settings.hybrid),
        )
        parts = StandardisedScores.fit(scores, stream)
        weights = fusion_weights(*_examples(parts, stream, settings))
        return cls(settings, parts, torch.from_numpy(weights).float())

    @classmethod
    def from_tensors(cls, settings: FusedSettings, tensors: Mapping[str, Tensor]) -> 'FusedEnergy':
        below = [tensors_of(tensors, f'parts.scores.{index}.') for index in range(3)]
        scores = (
            PebalEnergy.from_tensors(settings.pebal, below[0]),
            HopfieldBoosting.from_tensors(settings.boosting, below[1]),
            DenseHybrid.from_tensors(settings.hybrid, below[2]),
        )
        parts = StandardisedScores(
            scores, means=tensors['parts.means'], deviations=tensors['parts.deviations']
        )
        return cls(settings, parts, tensors['weights'])

    def energy(self, readings: Readings) -> Tensor:
        energies = torch.stack(self.parts.energies(readings), dim=1)
        return inner_products(energies, self.weights[None]).squeeze(1)


def _examples(
    parts: StandardisedScores, stream: FeatureStream, settings: FusedSettings
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]:
    """Return standardised energies (N, S) of both kinds, and which are outliers (N,)."""
    found = Reservoirs(
        2,
        len(parts.scores),
        capacity=settings.examples,
        bound_mib=settings.memory_bound_mib,
        seed=settings.seed,
    )
    for batch in checked(stream):
        for group, part in ((_INLIER, batch.inliers()), (_OUTLIER, batch.outliers())):
            if len(part.labels):
                energies = torch.stack(parts.energies(part.readings()), dim=1)
                found.add(energies, torch.full_like(part.labels, group))
    energies = torch.cat([found.rows(_INLIER), found.rows(_OUTLIER)])
    num_inliers = len(found.rows(_INLIER))
    return energies.numpy(), np.arange(len(energies)) >= num_inliers
