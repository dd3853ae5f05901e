"""Stored patterns of each class: a fair sample of correctly classified features."""

import math
from typing import Final

import torch
from torch import Tensor

from training.scores.class_moments import present_classes
from training.scores.readings import FeatureStream, checked
from training.scores.reservoir import Reservoirs
from training.scores.score import ScoreSettings
from training.scores.similarities import inner_products

_PRODUCT_ROWS: Final = 192
"""Patterns compared in one product, so that many small classes do not read the features often."""


def sampled_patterns(
    stream: FeatureStream, settings: ScoreSettings, *, per_class: int
) -> tuple[Tensor, Tensor]:
    """Return as many patterns of each class, so that classes weigh alike.

    Returns:
        Class ids (C,) int64, and patterns (C, M, D) float32. The examples of a class with fewer
        than M are repeated.

    Raises:
        ScoreError, MemoryError: as `sampled_rows`.
    """
    ids, rows = sampled_rows(stream, settings, per_class=per_class)
    return ids, torch.stack([filled(each, per_class) for each in rows])


def sampled_rows(
    stream: FeatureStream,
    settings: ScoreSettings,
    *,
    per_class: int,
    reads_deviations: bool = False,
) -> tuple[Tensor, list[Tensor]]:
    """Return a fair sample of the correctly classified features of each class, or deviations.

    Returns:
        Class ids (C,) int64, and for each of them (n, D) float32, n <= `per_class`.

    Raises:
        ScoreError: an empty class.
        MemoryError: the reservoirs exceed the bound of the settings.
    """
    reservoirs = Reservoirs(
        stream.num_classes,
        stream.width,
        capacity=per_class,
        bound_mib=settings.memory_bound_mib,
        seed=settings.seed,
    )
    for batch in checked(stream):
        correct = batch.correct()
        rows = correct.spread() if reads_deviations else correct.features
        reservoirs.add(rows, correct.labels)
    ids = present_classes(reservoirs.counts(), leaves_out_empty=settings.leaves_out_empty_classes)
    return ids, [reservoirs.rows(each) for each in ids.tolist()]


def filled(rows: Tensor, length: int) -> Tensor:
    """Return (length, D): the rows (n, D), again from the first where there are too few."""
    return rows[torch.arange(length) % len(rows)]


def energy_per_class(features: Tensor, patterns: Tensor, *, beta: float) -> Tensor:
    """Hopfield energy of every class's patterns: -(1 / beta) log mean_m exp(beta <x_cm, z>).

    Args:
        features: (B, D, H, W) or (N, D).
        patterns: (C, M, D).
        beta: inverse temperature, > 0.

    Returns:
        (B, C, H, W) or (N, C). The similarities of a few classes are in memory at a time.
    """
    num_patterns = patterns.shape[1]
    energies = []
    for some in patterns.split(max(1, _PRODUCT_ROWS // num_patterns)):
        # beta goes into the few patterns, not into the many similarities
        similarities = inner_products(features, beta * some.flatten(0, 1))
        per_class = similarities.unflatten(1, (len(some), num_patterns))
        energies.append(_log_mean_exp(per_class))
    return torch.cat(energies, dim=1).div_(-beta)


def _log_mean_exp(values: Tensor) -> Tensor:
    """As `contract.energy.log_mean_exp` over axis 2, in the memory of `values`."""
    peak = values.detach().amax(dim=2, keepdim=True)
    # exp(-80) is nothing beside exp(0), and below it torch.exp takes a hundred times as long
    total = values.sub_(peak).clamp_(min=-80).exp_().sum(dim=2)
    return total.log_().add_(peak.squeeze(2)).sub_(math.log(values.shape[2]))
