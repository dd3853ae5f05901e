"""The terms of the anomaly stage in bounded memory: large batches take some rows at a time."""

from dataclasses import replace
from typing import Final, cast

import torch
from torch import Tensor

from hopfield_pebal_ros.contract.energy import free_energy
from training.labelled_outputs import LabelledOutputs
from training.losses.chunked_terms import Maps, in_row_chunks
from training.losses.regularizers import smoothness
from training.losses.selection import inlier_and_outlier
from training.losses.world import World
from training.memory.pattern_memory import MemoryEnergies
from training.models.anomaly_outputs import AnomalyOutputs
from training.objective import Objective, anomaly_terms

LARGEST_WHOLE: Final = 2**24
"""Logits of a batch up to which all rows are taken at once, which is quicker."""


def anomaly_terms_of(batch: LabelledOutputs, objective: Objective) -> dict[str, Tensor]:
    """Return what `anomaly_terms` returns; of a large batch only their sum has a gradient.

    A payoff that is blurred needs whole maps, and takes them.
    """
    if batch.outputs.class_logits.numel() <= LARGEST_WHOLE or objective.payoff.is_blurred:
        return anomaly_terms(batch, objective)
    weight = objective.losses.smoothness_weight
    by_pixel = replace(objective, losses=replace(objective.losses, smoothness_weight=0.0))

    def terms_of(part: Maps, world: World) -> dict[str, Tensor]:
        return anomaly_terms(_from_maps(part), replace(by_pixel, world=world))

    maps = _to_maps(batch, has_embedding=objective.prototypes is not None)
    terms, energy = in_row_chunks(terms_of, _energy, maps, world=objective.world)
    if weight > 0:
        terms['smoothness'] = weight * smoothness(energy, batch.inlier, world=objective.world)
    return terms


def _energy(part: Maps) -> Tensor:
    return cast('Tensor', free_energy(part.get('adapted_logits', part['class_logits'])))


def _to_maps(batch: LabelledOutputs, *, has_embedding: bool) -> dict[str, Tensor]:
    """Return what the losses read, by name; the same tensor twice would get two gradients."""
    outputs = batch.outputs
    found: dict[str, Tensor | None] = {
        'labels': batch.labels,
        'class_logits': outputs.class_logits,
        'abstention_logit': outputs.abstention_logit,
        'outlier_logit': outputs.outlier_logit,
        'outlier_weights': batch.outlier_weights,
        'embedding': batch.embedding if has_embedding else None,
    }
    if outputs.adapted_logits is not outputs.class_logits:
        found['adapted_logits'] = outputs.adapted_logits
    if outputs.memory is not None:
        found |= batch.memory._asdict()
    return {name: each for name, each in found.items() if each is not None}


def _from_maps(part: Maps) -> LabelledOutputs:
    labels = part['labels']
    inlier, outlier = inlier_and_outlier(labels)
    has_memory = 'of_class' in part
    outputs = AnomalyOutputs(
        class_logits=part['class_logits'],
        background_logit=None,
        adapted_logits=part.get('adapted_logits', part['class_logits']),
        abstention_logit=part['abstention_logit'],
        embedding=part.get('embedding'),
        memory=MemoryEnergies(*(part[name] for name in MemoryEnergies._fields))
        if has_memory
        else None,
        memory_beta=torch.ones((), device=labels.device) if has_memory else None,
        outlier_logit=part.get('outlier_logit'),
    )
    return LabelledOutputs(outputs, labels, inlier, outlier, part.get('outlier_weights'))
