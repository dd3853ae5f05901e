"""Mahalanobis distance to the nearest class mean under one shared covariance (Lee et al. 2018)."""

from collections.abc import Mapping
from typing import ClassVar

from torch import Tensor

from training.scores.bands import in_bands
from training.scores.gaussian_mixture import GaussianMixture, GaussianSettings, prepared
from training.scores.readings import FeatureStream, Readings
from training.scores.score import Score, Unit, tensors_of


class Mahalanobis(Score[GaussianSettings]):
    """E = min_k (z - mu_k)^T S^-1 (z - mu_k) / 2, in nat: HEAT's prior of its nearest class."""

    name: ClassVar[str] = 'mahalanobis'
    unit: ClassVar[Unit] = 'nat'

    def __init__(self, settings: GaussianSettings, mixture: GaussianMixture) -> None:
        super().__init__(settings)
        self.mixture = mixture

    @classmethod
    def fit(cls, stream: FeatureStream, settings: GaussianSettings) -> 'Mahalanobis':
        return cls(settings, GaussianMixture.fit(stream, settings))

    @classmethod
    def from_tensors(
        cls, settings: GaussianSettings, tensors: Mapping[str, Tensor]
    ) -> 'Mahalanobis':
        return cls(settings, GaussianMixture(settings, **tensors_of(tensors, 'mixture.')))

    @in_bands
    def energy(self, readings: Readings) -> Tensor:
        features = prepared(readings.features, self.settings)
        return 0.5 * self.mixture.squared_distances(features).amin(dim=1)
