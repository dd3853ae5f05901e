"""RecLag: learned patterns of each class, and a rectified Lagrangian that forgets strangers."""

import math
from dataclasses import dataclass, field
from typing import ClassVar

import torch
from torch import Tensor

from hopfield_pebal_ros.contract.energy import hopfield_energy, log_sum_exp
from training.scores.bands import in_bands
from training.scores.class_patterns import energy_per_class, filled, sampled_rows
from training.scores.readings import FeatureStream, Readings
from training.scores.reclag_patterns import PatternTraining, learned_patterns
from training.scores.score import Score, ScoreSettings, Unit
from training.scores.similarities import inner_products, of_predicted_class


@dataclass(frozen=True, kw_only=True)
class RecLagSettings(ScoreSettings):
    beta: float = 5.0  # the authors'
    patterns_per_class: int = 10  # the authors'
    pattern_length: float = 10.0  # the authors', at the start of training
    examples_per_class: int = 2000
    accepted_share: float = 0.95
    """Share of a class's examples that alpha lets through."""
    num_updates: int = 0
    """Rectified retrieval steps before the energy is taken."""
    is_class_conditional: bool = True
    training: PatternTraining = field(default_factory=PatternTraining)


class RecLag(Score[RecLagSettings]):
    """E = -(1 / beta) log mean_h exp(beta <w_ch, z>) over the learned patterns of class c.

    Moriai et al. 2025. The memory Lagrangian max(LSE_beta(W^T z), log(alpha) / beta) makes
    retrieval answer 0 where sum_h exp(beta <w_h, z>) <= alpha: the feature is then a stranger.
    Sweeping alpha sweeps a threshold on this energy.
    """

    name: ClassVar[str] = 'reclag'
    unit: ClassVar[Unit] = 'feature'
    class_ids: Tensor
    patterns: Tensor  # (C, H, D)
    log_alpha: Tensor  # (C,)

    @classmethod
    def fit(cls, stream: FeatureStream, settings: RecLagSettings) -> 'RecLag':
        ids, examples = sampled_rows(stream, settings, per_class=settings.examples_per_class)
        patterns = [_patterns_of(each, settings) for each in examples]
        log_alpha = [
            _log_alpha(each, learned, settings)
            for each, learned in zip(examples, patterns, strict=True)
        ]
        return cls(
            settings,
            class_ids=ids,
            patterns=torch.stack(patterns),
            log_alpha=torch.stack(log_alpha),
        )

    @in_bands
    def energy(self, readings: Readings) -> Tensor:
        energies = self._energies(readings.features)
        if self.settings.is_class_conditional:
            return of_predicted_class(energies, readings.class_logits, self.class_ids)
        return energies.amin(dim=1)

    def threshold(self) -> Tensor:
        """Return the energy of alpha for each class (C,): what is above it is a stranger."""
        per_class = math.log(self.settings.patterns_per_class)
        return -(self.log_alpha - per_class) / self.settings.beta

    def _energies(self, features: Tensor) -> Tensor:
        """Return (B, C, H, W) or (N, C) after the retrieval steps."""
        beta, num_updates = self.settings.beta, self.settings.num_updates
        if num_updates == 0:
            return energy_per_class(features, self.patterns, beta=beta)
        energies = []
        for patterns, log_alpha in zip(self.patterns, self.log_alpha, strict=True):
            state = features
            for _ in range(num_updates):
                state = rectified_update(state, patterns, beta=beta, log_alpha=log_alpha)
            energies.append(hopfield_energy(inner_products(state, patterns), beta=beta))
        return torch.stack(energies, dim=1)


def rectified_update(
    state: Tensor, patterns: Tensor, *, beta: float, log_alpha: Tensor | float
) -> Tensor:
    """One step v <- W f(W^T v): f is the softmax where sum_h exp(beta h) > alpha, 0 elsewhere.

    Args:
        state: v, (B, D, H, W) or (N, D).
        patterns: W, (H, D).
        beta: inverse temperature, > 0.
        log_alpha: above log H the origin attracts: it stays where it is.
    """
    hidden = beta * inner_products(state, patterns)
    is_known: Tensor = log_sum_exp(hidden, axis=1) > log_alpha
    recalled = inner_products(hidden.softmax(dim=1), patterns.T)
    return recalled * is_known.unsqueeze(1)


def _patterns_of(examples: Tensor, settings: RecLagSettings) -> Tensor:
    start = filled(examples, settings.patterns_per_class)
    lengths = start.norm(dim=1, keepdim=True).clamp(min=1e-12)
    return learned_patterns(
        examples,
        start * (settings.pattern_length / lengths),
        beta=settings.beta,
        settings=settings.training,
        seed=settings.seed,
    )


def _log_alpha(examples: Tensor, patterns: Tensor, settings: RecLagSettings) -> Tensor:
    log_sums: Tensor = log_sum_exp(settings.beta * inner_products(examples, patterns), axis=1)
    return log_sums.quantile(1 - settings.accepted_share)
