"""Several scores as one: each standardised on inliers, then combined."""

import math
from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn

from hopfield_pebal_ros.contract.energy import log_sum_exp, standardised_energy
from training.scores.readings import FeatureStream, Readings, ScoreError, checked
from training.scores.score import AnyScore


class StandardisedScores(nn.Module):
    """Scores whose energies have mean 0 and deviation 1 on inliers."""

    means: Tensor  # (S,)
    deviations: Tensor

    def __init__(self, scores: Sequence[AnyScore], *, means: Tensor, deviations: Tensor) -> None:
        super().__init__()
        self.scores = nn.ModuleList(scores)
        self.register_buffer('means', means)
        self.register_buffer('deviations', deviations)

    @classmethod
    def fit(cls, scores: Sequence[AnyScore], stream: FeatureStream) -> 'StandardisedScores':
        """Fit mean and deviation of fitted scores on the inliers of a stream.

        Raises:
            ScoreError: there is no inlier, or an energy is the same everywhere.
        """
        count, sums, squares = 0, *torch.zeros(2, len(scores), dtype=torch.float64)
        for batch in checked(stream):
            inliers = batch.inliers()
            if len(inliers.labels) == 0:
                continue
            readings = inliers.readings()
            energies = torch.stack([each.energy(readings) for each in scores]).double()
            count += energies.shape[1]
            sums += energies.sum(dim=1)
            squares += energies.square().sum(dim=1)
        if count == 0:
            raise ScoreError('no inlier to standardise energies on; give a stream with inliers')
        means = sums / count
        deviations = (squares / count - means.square()).clamp(min=0).sqrt()
        flat = [each.name for each, d in zip(scores, deviations, strict=True) if not d > 0]
        if flat:
            raise ScoreError(f'{flat[0]} has one energy everywhere; leave it out')
        return cls(scores, means=means.float(), deviations=deviations.float())

    def energies(self, readings: Readings) -> list[Tensor]:
        """Return each standardised energy, (B, H, W) or (N,)."""
        return [
            standardised_energy(score.energy(readings), mean=mean, standard_deviation=deviation)
            for score, mean, deviation in zip(
                cast('list[AnyScore]', self.scores), self.means, self.deviations, strict=True
            )
        ]


def combined(energies: Sequence[Tensor], *, beta: float) -> Tensor:
    """Combine energies: their sum for beta 0, LSE_beta in between, maximum or minimum at +-inf."""
    stacked = torch.stack(list(energies), dim=1)
    if beta == 0:
        return stacked.sum(dim=1)
    if math.isinf(beta):
        return stacked.amax(dim=1) if beta > 0 else stacked.amin(dim=1)
    found: Tensor = log_sum_exp(beta * stacked, axis=1) / beta
    return found
