"""HEAT's EL: free energy of the classifier on the features, and its residual."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

import torch
from torch import Tensor

from hopfield_pebal_ros.contract.energy import free_energy
from training.scores.bands import in_bands
from training.scores.class_patterns import sampled_rows
from training.scores.contrastive_divergence import DivergenceSettings, Prior, train_residual
from training.scores.linear_classifier import recovered_classifier
from training.scores.readings import FeatureStream, Readings
from training.scores.residual_energy import ResidualEnergy, ResidualShape, new_residual
from training.scores.score import Score, ScoreSettings, Unit
from training.scores.similarities import inner_products


@dataclass(frozen=True, kw_only=True)
class HeatElSettings(ScoreSettings):
    prior_temperature: float = 1.0  # the authors'
    examples_per_class: int = 500
    shape: ResidualShape = field(default_factory=ResidualShape)
    training: DivergenceSettings = field(
        default_factory=lambda: DivergenceSettings(step_size=0.1, noise=0.1, penalty=0.1)
    )


class HeatEl(Score[HeatElSettings]):
    """E = -log sum_k exp(<w_k, z> + b_k) / T + g(z).

    The classifier is recovered from features and logits, so the features must be the ones that a
    linear classifier reads. Steps of the sampler are in standard deviations of each feature, from
    normal starts; the authors' are in its own unit, around 0.
    """

    name: ClassVar[str] = 'heat_el'
    unit: ClassVar[Unit] = 'nat'
    reads_classifier_input: ClassVar[bool] = True
    weights: Tensor
    biases: Tensor

    def __init__(
        self, settings: HeatElSettings, residual: ResidualEnergy, **tensors: Tensor
    ) -> None:
        super().__init__(settings, **tensors)
        self.residual = residual

    @classmethod
    def fit(cls, stream: FeatureStream, settings: HeatElSettings) -> 'HeatEl':
        weights, biases = recovered_classifier(stream, bound_mib=settings.memory_bound_mib)
        _, rows = sampled_rows(stream, settings, per_class=settings.examples_per_class)
        examples = torch.cat(rows)
        residual = new_residual(stream.width, settings.shape, seed=settings.seed)
        score = cls(settings, residual, weights=weights, biases=biases)
        train_residual(
            residual, examples, score._prior(examples), settings.training, seed=settings.seed
        )
        return score

    @classmethod
    def from_tensors(cls, settings: HeatElSettings, tensors: Mapping[str, Tensor]) -> 'HeatEl':
        weights = tensors['weights']
        residual = ResidualEnergy(weights.shape[1], settings.shape).requires_grad_(False)
        score = cls(settings, residual, weights=weights, biases=tensors['biases'])
        score.load_state_dict(dict(tensors))
        return score

    @in_bands
    def energy(self, readings: Readings) -> Tensor:
        residual: Tensor = self.residual(readings.features)
        return self._prior_energy(readings.features) + residual

    def _prior_energy(self, features: Tensor) -> Tensor:
        logits = inner_products(features, self.weights, self.biases)
        found: Tensor = free_energy(logits) / self.settings.prior_temperature
        return found

    def _prior(self, examples: Tensor) -> Prior:
        is_rectified = bool((examples >= 0).all())
        mean, scale = examples.mean(dim=0), examples.std(dim=0, correction=0).clamp(min=1e-6)
        return Prior(
            energy=self._prior_energy,
            sample=lambda count, generator: (
                mean + scale * torch.randn(count, len(mean), generator=generator)
            ),
            project=lambda z: z.clamp(min=0) if is_rectified else z,
            scale=scale,
        )
