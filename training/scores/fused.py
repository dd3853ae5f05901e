"""The fused Hopfield-PEBAL energy: a convex sum of standardised energies of different kinds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor

from training.scores.composition import StandardisedScores, tensors_of
from training.scores.dense_hybrid import DenseHybrid, DenseHybridSettings
from training.scores.hopfield_boosting import HopfieldBoosting, HopfieldBoostingSettings
from training.scores.pebal import PebalEnergy, PebalSettings
from training.scores.readings import FeatureStream, Readings, ScoreError, checked
from training.scores.reservoir import Reservoirs
from training.scores.score import Score, ScoreSettings, Unit
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

    The weights are >= 0 and sum to 1: those of the logistic regression that tells the pasted
    outliers of the stream from its inliers.
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
        return cls(settings, parts, fusion_weights(*_examples(parts, stream, settings)))

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


def fusion_weights(inlier_energies: Tensor, outlier_energies: Tensor) -> Tensor:
    """Return weights (S,) >= 0 of sum 1 that tell outliers from inliers best.

    The direction of balanced logistic regression with weights kept above 0; deterministic.

    Args:
        inlier_energies: (N, S) float32, standardised.
        outlier_energies: (M, S) float32.

    Raises:
        ScoreError: one of the two is empty.
    """
    if len(inlier_energies) == 0 or len(outlier_energies) == 0:
        raise ScoreError(
            f'{len(inlier_energies)} inlier and {len(outlier_energies)} outlier examples: fusion '
            'weights need both; fit on frames with pasted outliers'
        )
    num_scores = inlier_energies.shape[1]
    parameters = torch.zeros(num_scores + 1, requires_grad=True)  # log weights, and the offset
    optimizer = torch.optim.LBFGS([parameters], max_iter=200, line_search_fn='strong_wolfe')

    def loss() -> Tensor:
        optimizer.zero_grad()
        weights, offset = parameters[:-1].exp(), parameters[-1]
        value = (
            F.softplus(inlier_energies @ weights - offset).mean()
            + F.softplus(offset - outlier_energies @ weights).mean()
        )
        value.backward()
        return value

    optimizer.step(loss)
    return parameters[:-1].detach().softmax(dim=0)


def _examples(
    parts: StandardisedScores, stream: FeatureStream, settings: FusedSettings
) -> tuple[Tensor, Tensor]:
    """Return standardised energies of inliers (N, S) and outliers (M, S)."""
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
    return found.rows(_INLIER), found.rows(_OUTLIER)
