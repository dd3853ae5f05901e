"""One prototype direction for each inlier class, an exponential moving average of embeddings."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from training.losses.selection import inlier_and_outlier
from training.losses.world import ALONE, World


@dataclass(frozen=True)
class ClassPrototypes:
    """Directions of the classes seen so far."""

    directions: Tensor
    """(K, D) float32, rows of length 1; zero for a class that was never seen."""
    counts: Tensor
    """(K,) int64, pixels that each class has had so far."""

    @property
    def is_seen(self) -> Tensor:
        """(K,) bool, whether the class has a direction."""
        return self.counts > 0


def no_prototypes(
    num_classes: int, embedding_dim: int, *, device: torch.device | None = None
) -> ClassPrototypes:
    """Return the state before the first batch."""
    return ClassPrototypes(
        torch.zeros(num_classes, embedding_dim, device=device),
        torch.zeros(num_classes, dtype=torch.int64, device=device),
    )


def updated_prototypes(
    prototypes: ClassPrototypes,
    embedding: Tensor,
    labels: Tensor,
    *,
    momentum: float = 0.99,
    world: World = ALONE,
) -> ClassPrototypes:
    """Return new prototypes, turned towards the mean unit embedding of each class in the batch.

    The first batch with a class sets its direction outright; a class without pixels keeps its own,
    as does one whose unit embeddings cancel. Outliers and ignored pixels take no part.

    Args:
        prototypes: the state so far; not changed.
        embedding: (B, D, H, W) float of any length and precision; computed in float32.
        labels: (B, H, W) int64 at the size of the embedding.
        momentum: share of the old direction, 0 <= momentum < 1.
        world: processes that share the batch; all of them get the same prototypes.

    Raises:
        ValueError: momentum out of range.
    """
    if not 0 <= momentum < 1:
        raise ValueError(
            f'prototype momentum must be in [0, 1), got {momentum}; at 1 nothing is learned'
        )
    sums, counts = _sums_by_class(embedding.detach().float(), labels, len(prototypes.counts))
    sums, counts = world.sum(sums), world.sum(counts)
    means = F.normalize(sums, dim=1)
    mixed = momentum * prototypes.directions + (1 - momentum) * means
    turned = F.normalize(torch.where(prototypes.is_seen[:, None], mixed, means), dim=1)
    is_usable = (counts > 0) & (turned.square().sum(dim=1) > 0.5)  # cancelled: length 0
    directions = torch.where(is_usable[:, None], turned, prototypes.directions)
    return ClassPrototypes(directions, prototypes.counts + counts.where(is_usable, 0))


def _sums_by_class(embedding: Tensor, labels: Tensor, num_classes: int) -> tuple[Tensor, Tensor]:
    """Return the sums (K, D) of unit embeddings and the pixel counts (K,) of each class."""
    inlier, _ = inlier_and_outlier(labels)
    classes = labels[inlier]
    rows = F.normalize(embedding, dim=1).movedim(1, -1)[inlier]  # (P, D)
    sums = embedding.new_zeros(num_classes, embedding.shape[1]).index_add_(0, classes, rows)
    return sums, torch.bincount(classes, minlength=num_classes)
