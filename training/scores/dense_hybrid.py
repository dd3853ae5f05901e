"""DenseHybrid: posterior of the outlier data blended with the likelihood (Grcic et al. 2022)."""

from dataclasses import dataclass
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor

from hopfield_pebal_ros.contract.energy import dense_hybrid_energy
from training.scores.readings import FeatureStream, Readings, ScoreError, checked
from training.scores.reservoir import Reservoirs
from training.scores.score import Score, ScoreSettings, Unit
from training.scores.similarities import inner_products

_INLIER, _OUTLIER = 0, 1


@dataclass(frozen=True, kw_only=True)
class DenseHybridSettings(ScoreSettings):
    examples: int = 20_000
    """Of inliers, and as many of outliers."""
    weight_decay: float = 1e-3
    num_steps: int = 100


class DenseHybrid(Score[DenseHybridSettings]):
    """E = log P(outlier data | z) - log sum_k exp(f_k), the posterior a logistic head on z.

    The head is fitted on features as they are; the authors fine-tune the network with it.
    """

    name: ClassVar[str] = 'dense_hybrid'
    unit: ClassVar[Unit] = 'nat'
    weights: Tensor  # (1, D)
    biases: Tensor  # (1,)

    @classmethod
    def fit(cls, stream: FeatureStream, settings: DenseHybridSettings) -> 'DenseHybrid':
        found = Reservoirs(
            2,
            stream.width,
            capacity=settings.examples,
            bound_mib=settings.memory_bound_mib,
            seed=settings.seed,
        )
        for batch in checked(stream):
            outliers = batch.outliers()
            inliers = batch.inliers()
            found.add(inliers.features, torch.full_like(inliers.labels, _INLIER))
            found.add(outliers.features, torch.full_like(outliers.labels, _OUTLIER))
        if (found.counts() == 0).any():
            raise ScoreError(
                f'{found.counts()[_INLIER]} inlier and {found.counts()[_OUTLIER]} outlier '
                'examples: dense_hybrid needs both; fit on frames with pasted outliers, or leave '
                'the score out'
            )
        weights, biases = _logistic_head(found.rows(_INLIER), found.rows(_OUTLIER), settings)
        return cls(settings, weights=weights, biases=biases)

    def energy(self, readings: Readings) -> Tensor:
        outlier_logit = inner_products(readings.features, self.weights, self.biases).squeeze(1)
        found: Tensor = dense_hybrid_energy(readings.class_logits, outlier_logit)
        return found


def _logistic_head(
    inliers: Tensor, outliers: Tensor, settings: DenseHybridSettings
) -> tuple[Tensor, Tensor]:
    """Return weights (1, D) and bias (1,) of balanced logistic regression on raw features."""
    rows = torch.cat([inliers, outliers])
    mean, scale = rows.mean(dim=0), rows.std(dim=0, correction=0).clamp(min=1e-6)
    head = torch.zeros(rows.shape[1] + 1, requires_grad=True)
    optimizer = torch.optim.LBFGS(
        [head], max_iter=settings.num_steps, line_search_fn='strong_wolfe'
    )
    standardised = [(each - mean) / scale for each in (inliers, outliers)]

    def loss() -> Tensor:
        optimizer.zero_grad()
        at_inlier, at_outlier = (each @ head[:-1] + head[-1] for each in standardised)
        likelihood = F.softplus(at_inlier).mean() + F.softplus(-at_outlier).mean()
        value = likelihood + settings.weight_decay * head[:-1].square().sum()
        value.backward()
        return value

    optimizer.step(loss)
    weights = (head[:-1] / scale).detach()
    return weights[None], (head[-1:] - weights @ mean).detach()
