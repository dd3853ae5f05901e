"""HEAT's GMM: a Gaussian mixture of the features and its residual (Lafon et al. 2023)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

import torch
from torch import Tensor

from training.scores.bands import in_bands
from training.scores.class_patterns import sampled_rows
from training.scores.contrastive_divergence import DivergenceSettings, Prior, train_residual
from training.scores.gaussian_mixture import GaussianMixture, GaussianSettings, prepared
from training.scores.readings import FeatureStream, Readings
from training.scores.residual_energy import ResidualEnergy, ResidualShape, new_residual
from training.scores.score import Score, Unit, tensors_of
from training.scores.similarities import unit_length


@dataclass(frozen=True, kw_only=True)
class HeatGmmSettings(GaussianSettings):
    prior_temperature: float = 1000.0  # the authors', CIFAR
    examples_per_class: int = 500
    shape: ResidualShape = field(default_factory=ResidualShape)
    training: DivergenceSettings = field(default_factory=DivergenceSettings)


class HeatGmm(Score[HeatGmmSettings]):
    """E = -log sum_k pi_k N(z; mu_k, S) / T + g(z)."""

    name: ClassVar[str] = 'heat_gmm'
    unit: ClassVar[Unit] = 'nat'

    def __init__(
        self, settings: HeatGmmSettings, mixture: GaussianMixture, residual: ResidualEnergy
    ) -> None:
        super().__init__(settings)
        self.mixture = mixture
        self.residual = residual

    @classmethod
    def fit(cls, stream: FeatureStream, settings: HeatGmmSettings) -> 'HeatGmm':
        mixture = GaussianMixture.fit(stream, settings)
        _, rows = sampled_rows(
            stream,
            settings,
            per_class=settings.examples_per_class,
            reads_deviations=settings.reads_deviations,
        )
        examples = prepared(torch.cat(rows), settings)
        residual = new_residual(stream.width, settings.shape, seed=settings.seed)
        train_residual(
            residual,
            examples,
            _prior(mixture, examples, settings),
            settings.training,
            seed=settings.seed,
        )
        return cls(settings, mixture, residual)

    @classmethod
    def from_tensors(cls, settings: HeatGmmSettings, tensors: Mapping[str, Tensor]) -> 'HeatGmm':
        stored = tensors_of(tensors, 'mixture.')
        score = cls(
            settings,
            GaussianMixture(settings, **stored),
            ResidualEnergy(len(stored['whitening']), settings.shape).requires_grad_(False),
        )
        score.load_state_dict(dict(tensors))
        return score

    @in_bands
    def energy(self, readings: Readings) -> Tensor:
        return self._energy_of(prepared(readings.features, self.settings))

    def _energy_of(self, features: Tensor) -> Tensor:
        likelihood = self.mixture.negative_log_likelihood(features)
        found: Tensor = likelihood / self.settings.prior_temperature + self.residual(features)
        return found


def _prior(mixture: GaussianMixture, examples: Tensor, settings: HeatGmmSettings) -> Prior:
    is_rectified = bool((examples >= 0).all())  # features after a ReLU stay there

    def project(features: Tensor) -> Tensor:
        kept = features.clamp(min=0) if is_rectified else features
        return unit_length(kept) if settings.is_unit_length else kept

    return Prior(
        energy=lambda z: mixture.negative_log_likelihood(z) / settings.prior_temperature,
        sample=mixture.sample,
        project=project,
        scale=torch.ones(examples.shape[1]),
    )
