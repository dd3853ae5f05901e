"""One Gaussian for each class with a covariance that all share: HEAT's prior, Mahalanobis."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from hopfield_pebal_ros.contract.energy import log_sum_exp
from training.scores.class_moments import ClassMoments, whitening
from training.scores.readings import FeatureStream, checked
from training.scores.score import ScoreSettings
from training.scores.similarities import inner_products, unit_length


@dataclass(frozen=True, kw_only=True)
class GaussianSettings(ScoreSettings):
    shrinkage: float = 1e-3
    """0..1, of the covariance towards a multiple of the identity."""
    is_unit_length: bool = True
    reads_deviations: bool = False
    """Model the standard deviations in space instead of the features."""


class GaussianMixture(nn.Module):
    """log p(z) = log sum_k pi_k N(z; mu_k, S), evaluated in whitened coordinates."""

    whitening: Tensor  # (D, D)
    means: Tensor  # (C, D), whitened
    log_weights: Tensor  # (C,)
    log_determinant: Tensor  # ()

    def __init__(self, settings: GaussianSettings, **tensors: Tensor) -> None:
        super().__init__()
        self.settings = settings
        for name, tensor in tensors.items():
            self.register_buffer(name, tensor)

    @classmethod
    def fit(cls, stream: FeatureStream, settings: GaussianSettings) -> 'GaussianMixture':
        """Fit to the correctly classified inliers, weights as often as classes occur.

        Raises:
            ScoreError: an empty class, a singular covariance, NaN, no deviations.
            MemoryError: the moments exceed the bound.
        """
        moments = ClassMoments(
            stream.num_classes, stream.width, bound_mib=settings.memory_bound_mib
        )
        for batch in checked(stream):
            correct = batch.correct()
            rows = correct.spread() if settings.reads_deviations else correct.features
            moments.add(prepared(rows, settings), correct.labels)
        ids = moments.present(leaves_out_empty=settings.leaves_out_empty_classes)
        white, log_determinant = whitening(
            moments.shared_covariance(), shrinkage=settings.shrinkage
        )
        counts = moments.counts[ids]
        return cls(
            settings,
            whitening=white.float(),
            means=(moments.means()[ids] @ white.T).float(),
            log_weights=(counts / counts.sum()).log().float(),
            log_determinant=torch.tensor(log_determinant).float(),
        )

    def squared_distances(self, features: Tensor) -> Tensor:
        """Squared Mahalanobis distance to every mean: (B, C, H, W) or (N, C), >= 0."""
        white = inner_products(features, self.whitening)
        cross = inner_products(white, -2 * self.means, self.means.square().sum(dim=1))
        return (white.square().sum(dim=1, keepdim=True) + cross).clamp(min=0)

    def negative_log_likelihood(self, features: Tensor) -> Tensor:
        """Return -log p (B, H, W) or (N,) in nat."""
        shape = (1, -1) + (1,) * (features.ndim - 2)
        log_joint = self.log_weights.view(shape) - 0.5 * self.squared_distances(features)
        constant = 0.5 * (features.shape[1] * math.log(2 * math.pi) + self.log_determinant)
        found: Tensor = constant - log_sum_exp(log_joint, axis=1)
        return found

    def sample(self, count: int, generator: torch.Generator) -> Tensor:
        """Draw features (count, D) float32."""
        classes = torch.multinomial(
            self.log_weights.exp(), count, replacement=True, generator=generator
        )
        noise = torch.randn(count, len(self.whitening), generator=generator)
        drawn: Tensor = torch.linalg.solve(self.whitening, (self.means[classes] + noise).T).T
        return drawn


def prepared(features: Tensor, settings: GaussianSettings) -> Tensor:
    """Return the features as the mixture was fitted on them."""
    return unit_length(features) if settings.is_unit_length else features
