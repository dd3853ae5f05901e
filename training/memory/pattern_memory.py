"""Hopfield memory: energies of an embedding towards inlier and outlier patterns."""

from typing import Final, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from hopfield_pebal_ros.contract.energy import hopfield_boosting_energy, hopfield_energy
from training.memory.patterns import MemorySettings as MemorySettings
from training.memory.patterns import Patterns
from training.memory.row_chunks import over_rows

_NO_PATTERN: Final = -1000.0  # a cosine that no pattern has: its exponential is 0


class MemoryEnergies(NamedTuple):
    """Hopfield energies of a map, in cosine; higher is further from the patterns."""

    of_class: Tensor
    """(B, K, h, w) towards the patterns of each class."""
    inlier: Tensor
    """(B, h, w) towards those of all classes."""
    outlier: Tensor
    """(B, h, w) towards the outlier patterns."""


class PatternMemory(Patterns):
    """Rates maps (B, D, h, w) of length 1 over D by their similarity with the patterns."""

    def forward(self, embedding: Tensor) -> Tensor:
        """Return `energy(embedding)`."""
        return self.energy(embedding)

    def energy(self, embedding: Tensor) -> Tensor:
        """Distance from the inlier patterns minus distance from the outlier patterns.

        A similarity of vectors no longer than 1 is in -1..1 and beta at most `LARGEST_BETA`, so
        no exponential leaves the range of float32.

        Args:
            embedding: (B, D, h, w) of length 1 over D, any precision; computed in float32.

        Returns:
            (B, h, w) float32 in cosine; higher is more anomalous.

        Raises:
            MemoryStateError: stored patterns that were never filled.
        """
        inlier, outlier, missing = self._matrices()
        beta = self.beta

        def of_rows(part: Tensor) -> Tensor:
            energy: Tensor = hopfield_boosting_energy(
                _similarities(part, inlier, missing),
                _similarities(part, outlier),
                beta=beta,
                is_small=True,
            )
            return energy[:, None]

        energy = over_rows(of_rows, embedding, values_per_pixel=len(inlier) + len(outlier))
        return energy[:, 0] + self._log_filled_share() / beta

    def energies(self, embedding: Tensor) -> MemoryEnergies:
        """Energies towards each class, all classes and the outlier patterns, for the losses.

        Arguments and errors as those of `energy`, which is `inlier - outlier` of these.
        """
        inlier, outlier, missing = self._matrices()
        beta = self.beta

        def of_rows(part: Tensor) -> Tensor:
            similarities = _similarities(part, inlier, missing)
            by_class = similarities.unflatten(1, self.inlier_rows.shape[:2])  # (B, K, M, rows, w)
            of_class = hopfield_energy(by_class, beta=beta, axis=2)
            of_outlier = hopfield_energy(_similarities(part, outlier), beta=beta)
            return torch.cat([of_class, of_outlier[:, None]], dim=1)

        found = over_rows(of_rows, embedding, values_per_pixel=len(inlier) + len(outlier))
        of_class = found[:, :-1]
        of_all = hopfield_energy(-of_class, beta=beta) + self._log_filled_share() / beta
        return MemoryEnergies(of_class, of_all, found[:, -1])

    def class_energies(self, embedding: Tensor) -> Tensor:
        """Return the energy towards each class (B, K, h, w); times -beta it is a logit."""
        return self.energies(embedding).of_class

    def retrieved(self, embedding: Tensor, *, num_steps: int = 1) -> Tensor:
        """Inlier pattern that an embedding z recalls: z <- X softmax(beta X^T z), step by step.

        Ramsauer et al. 2021, "Hopfield Networks is All You Need", the update rule.

        Args:
            embedding: (B, D, h, w) float.
            num_steps: of the update.

        Returns:
            (B, D, h, w) float32, a convex sum of the patterns, so at most of length 1.
        """
        inlier, _, missing = self._matrices()
        beta = self.beta

        def of_rows(part: Tensor) -> Tensor:
            for _ in range(num_steps):
                attention = (beta * _similarities(part, inlier, missing)).softmax(dim=1)
                part = _similarities(attention, inlier.T)
            return part

        return over_rows(of_rows, embedding, values_per_pixel=len(inlier))

    def retrieval_energy(self, embedding: Tensor, *, num_steps: int = 1) -> Tensor:
        """Return 1 - <z, what z recalls> (B, h, w); higher is further from the inlier patterns."""
        recalled = self.retrieved(embedding, num_steps=num_steps)
        return 1 - (embedding.float() * recalled).sum(dim=1)

    def modern_energy(self, state: Tensor) -> Tensor:
        """Energy that retrieval lowers: 1/2 |z|^2 + 1/2 - log mean exp(beta X^T z) / beta.

        Ramsauer et al. 2021, for inlier patterns of length 1.

        Args:
            state: (B, D, h, w) float, an embedding or what it recalls; at most of length 1.

        Returns:
            (B, h, w) float32 in 0..2; higher is further from the inlier patterns.
        """
        return 0.5 * state.float().square().sum(dim=1) + 0.5 + self.energies(state).inlier

    def _matrices(self) -> tuple[Tensor, Tensor, Tensor]:
        """Patterns (K M, D) and (N, D), and (K M) what takes those of empty classes out."""
        if self.settings.kind == 'stored' and not torch.compiler.is_exporting():
            self.require_filled()
        filled = self.is_class_filled.repeat_interleave(self.settings.patterns_per_class)
        missing = _NO_PATTERN * (~filled).float()
        return self.inlier_patterns.flatten(0, 1), self.outlier_patterns, missing

    def _log_filled_share(self) -> Tensor:
        """Log of the share of filled classes: the mean runs over them alone."""
        return self.is_class_filled.float().mean().log()


def _similarities(embedding: Tensor, patterns: Tensor, offset: Tensor | None = None) -> Tensor:
    """Return inner products (B, M, h, w) float32 of (B, D, h, w) with patterns (M, D)."""
    weight = patterns[:, :, None, None]
    if not torch.is_autocast_enabled(embedding.device.type):
        return F.conv2d(embedding.float(), weight, offset)
    with torch.autocast(embedding.device.type, enabled=False):
        return F.conv2d(embedding.float(), weight, offset)
