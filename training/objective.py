"""What each stage minimises: named terms of a batch, each with its weight in."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor

from hopfield_pebal_ros.contract.energy import abstention_energy
from training.labelled_outputs import LabelledOutputs
from training.loss_settings import LossSettings
from training.losses.abstention import Payoff, abstention_loss
from training.losses.border_energy import border_energy_loss
from training.losses.class_prototypes import ClassPrototypes
from training.losses.closed_set_consistency import entropy_consistency_loss, pseudo_label_loss
from training.losses.dataset_posterior import dataset_posterior_loss
from training.losses.energy_margin import energy_margin_loss
from training.losses.entropy_maximisation import entropy_maximisation_loss
from training.losses.likelihood_push import likelihood_push_loss
from training.losses.prototype_contrast import prototype_contrast_loss
from training.losses.regularizers import smoothness, sparsity
from training.losses.selection import mean_of
from training.losses.world import ALONE, World
from training.margins import Margins


@dataclass(frozen=True, kw_only=True)
class Objective:
    """What the terms of a batch depend on, beside outputs and labels."""

    losses: LossSettings
    payoff: Payoff
    class_weights: Tensor | None = None
    """(K,), of mean 1 over all training pixels; None: all 1."""
    margins: Margins | None = None
    """Fixed where the anomaly stage begins."""
    prototypes: ClassPrototypes | None = None
    world: World = ALONE


def closed_set_terms(batch: LabelledOutputs, objective: Objective) -> dict[str, Tensor]:
    """Return the one term of the closed-set stage, cross-entropy of weight 1."""
    return {'cross_entropy': _cross_entropy(batch, objective)}


def anomaly_terms(batch: LabelledOutputs, objective: Objective) -> dict[str, Tensor]:
    """Return every term of the anomaly stage that has a weight, with its weight in."""
    return {
        name: weight * term(batch, objective)
        for name, term in TERMS.items()
        if (weight := getattr(objective.losses, f'{name}_weight')) > 0
    }


def total(terms: Mapping[str, Tensor]) -> Tensor:
    """Return the sum of the terms, the loss of the step."""
    return torch.stack(list(terms.values())).sum()


def _cross_entropy(batch: LabelledOutputs, objective: Objective) -> Tensor:
    """Over the inlier classes; outliers and ignored pixels take no part."""
    per_pixel = F.cross_entropy(
        batch.outputs.class_logits,
        batch.labels.where(batch.inlier, 0),
        objective.class_weights,
        reduction='none',
    )
    return mean_of(per_pixel, batch.inlier, world=objective.world)


def _abstention(batch: LabelledOutputs, objective: Objective) -> Tensor:
    return abstention_loss(
        batch.outputs.abstaining_logits,
        batch.labels,
        payoff=objective.payoff,
        outlier_weight=objective.losses.outlier_abstention_weight,
        is_published=objective.losses.has_published_reductions,
        world=objective.world,
    )


def _margin(batch: LabelledOutputs, objective: Objective) -> Tensor:
    """Squared hinges in units of the squared distance between the margins."""
    margins = objective.margins
    if margins is None:
        raise RuntimeError('the anomaly stage needs margins; call find_margins first')
    hinges = energy_margin_loss(
        batch.pebal_energy,
        batch.inlier,
        batch.outlier,
        inlier_margin=margins.inlier,
        outlier_margin=margins.outlier,
        is_published=objective.losses.has_published_reductions,
        world=objective.world,
    )
    return hinges / margins.distance**2


def _abstention_energy(batch: LabelledOutputs, objective: Objective) -> Tensor:
    outputs = batch.outputs
    log_odds = abstention_energy(outputs.adapted_logits, outputs.abstention_logit)
    return _told_apart(log_odds, batch, objective)


def _posterior(batch: LabelledOutputs, objective: Objective) -> Tensor:
    return _told_apart(batch.outlier_logit, batch, objective)


def _hopfield(batch: LabelledOutputs, objective: Objective) -> Tensor:
    memory = batch.memory
    return _told_apart(memory.inlier - memory.outlier, batch, objective)


def _told_apart(log_odds: Tensor, batch: LabelledOutputs, objective: Objective) -> Tensor:
    return dataset_posterior_loss(
        log_odds,
        batch.inlier,
        batch.outlier,
        is_balanced=not objective.losses.has_published_reductions,
        hard_inlier_share=objective.losses.hard_inlier_share,
        outlier_weights=batch.outlier_weights,
        world=objective.world,
    )


def _pattern_class(batch: LabelledOutputs, objective: Objective) -> Tensor:
    """Cross-entropy with the softmax of -beta E_k; a frozen network's arg-max is the label."""
    per_pixel = F.cross_entropy(
        -batch.memory.of_class,
        batch.outputs.class_logits.argmax(dim=1),
        reduction='none',
    )
    return mean_of(per_pixel, batch.inlier, world=objective.world)


def _border(batch: LabelledOutputs, objective: Objective) -> Tensor:
    memory = batch.memory
    return border_energy_loss(
        memory.inlier,
        memory.outlier,
        batch.inlier | batch.outlier,
        beta=1.0,  # the energies have it in
        world=objective.world,
    )


def _prototype(batch: LabelledOutputs, objective: Objective) -> Tensor:
    if objective.prototypes is None:
        raise RuntimeError('the prototype contrast needs prototypes; update them first')
    return prototype_contrast_loss(
        batch.embedding, batch.labels, objective.prototypes, world=objective.world
    )


TERMS: Final[Mapping[str, Callable[[LabelledOutputs, Objective], Tensor]]] = MappingProxyType(
    {
        'cross_entropy': _cross_entropy,
        'abstention': _abstention,
        'margin': _margin,
        'smoothness': lambda of, by: smoothness(
            of.pebal_energy,
            of.inlier,
            is_published=by.losses.has_published_reductions,
            world=by.world,
        ),
        'sparsity': lambda of, by: sparsity(
            of.pebal_energy,
            of.outlier,
            is_published=by.losses.has_published_reductions,
            world=by.world,
        ),
        'likelihood_push': lambda of, by: likelihood_push_loss(
            of.pebal_energy, of.outlier, world=by.world
        ),
        'abstention_energy': _abstention_energy,
        'posterior': _posterior,
        'hopfield': _hopfield,
        'pattern_class': _pattern_class,
        'border': _border,
        'prototype': _prototype,
        'pseudo_label': lambda of, by: pseudo_label_loss(
            of.outputs.adapted_logits, of.outputs.class_logits, of.inlier, world=by.world
        ),
        'entropy_consistency': lambda of, by: entropy_consistency_loss(
            of.outputs.adapted_logits, of.outputs.class_logits, of.inlier, world=by.world
        ),
        'entropy_maximisation': lambda of, by: entropy_maximisation_loss(
            of.outputs.adapted_logits, of.labels, world=by.world
        ),
    }
)
"""Name to term; `LossSettings` has a NAME_weight for each."""
