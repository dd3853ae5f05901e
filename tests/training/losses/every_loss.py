"""Every loss as a function of one tensor, for what must hold for all of them."""

import numpy as np
import torch

from hopfield_pebal_ros.contract.labels import IGNORE_ID, OUTLIER_ID
from training.losses.abstention import Payoff, abstention_loss
from training.losses.border_energy import border_energy_loss
from training.losses.chunked_terms import in_row_chunks
from training.losses.class_prototypes import ClassPrototypes
from training.losses.closed_set_consistency import entropy_consistency_loss, pseudo_label_loss
from training.losses.dataset_posterior import dataset_posterior_loss
from training.losses.energy_margin import energy_margin_loss
from training.losses.entropy_maximisation import entropy_maximisation_loss
from training.losses.likelihood_push import likelihood_push_loss
from training.losses.prototype_contrast import prototype_contrast_loss
from training.losses.regularizers import smoothness, sparsity
from training.losses.selection import inlier_and_outlier
from training.losses.world import ALONE

K = 4
MARGINS = {'inlier_margin': -3.0, 'outlier_margin': 1.0}
PUBLISHED_PAYOFF = Payoff(minimum=1.01, maximum=1e9, is_detached=False, is_blurred=True)
INCLUDE_UNLABELLED = {'smoothness, published'}
NOT_IN_CHUNKS = {'abstention, published', 'smoothness', 'smoothness, published'}
FOLLOW_THE_NUMBER_OF_PIXELS = {'smoothness, published', 'sparsity, published'}


def example_maps(seed=0):
    """(4, 12, 5, 6) float32: K + 1 logits, K frozen ones, log-odds, two memory energies."""
    values = np.random.default_rng(seed).normal(scale=2, size=(4, 12, 5, 6))
    return torch.from_numpy(values.astype(np.float32))


def example_labels():
    """(4, 5, 6) int64; outliers in the first two images alone, unlabelled pixels in all."""
    labels = np.random.default_rng(1).integers(0, K, (4, 5, 6))
    labels[0, 1:3, 2:5] = OUTLIER_ID
    labels[1, 2, 2] = OUTLIER_ID
    labels[:, 4, 1:] = IGNORE_ID
    return torch.from_numpy(labels)


def example_prototypes():
    """One unit direction for each of the K classes, the last of them never seen."""
    directions = torch.eye(12)[:K]
    directions[-1] = 0
    return ClassPrototypes(directions, torch.tensor([5, 2, 9, 0]))


def every_loss(maps, labels, *, world=ALONE):
    """Return {name: scalar} of every loss and option on `maps` (B, 12, H, W)."""
    return {name: loss() for name, loss in _losses_on(maps, labels, world).items()}


def _losses_on(maps, labels, world):
    """Return {name: function that takes the loss}.

    The published smoothness carries its published weight: its gradient has no mean to tame it.
    """
    logits, frozen = maps[:, : K + 1], maps[:, K + 1 : 2 * K + 1]
    class_logits, outlier_logit = logits[:, :K], maps[:, 9]
    energy = maps[:, 10]
    inlier, outlier = inlier_and_outlier(labels)
    world_of = {'world': world}
    both = {'prototypes': example_prototypes(), 'outlier_weight': 0.5, **world_of}
    return {
        'abstention': lambda: abstention_loss(logits, labels, payoff=Payoff(), **world_of),
        'abstention, published': lambda: abstention_loss(
            logits, labels, payoff=PUBLISHED_PAYOFF, is_published=True, **world_of
        ),
        'margins': lambda: energy_margin_loss(energy, inlier, outlier, **MARGINS, **world_of),
        'margins, published': lambda: energy_margin_loss(
            energy, inlier, outlier, **MARGINS, is_published=True, **world_of
        ),
        'smoothness': lambda: smoothness(energy, inlier, **world_of),
        'smoothness, published': lambda: (
            3e-6 * smoothness(energy, inlier, is_published=True, **world_of)
        ),
        'sparsity': lambda: sparsity(energy, outlier, **world_of),
        'sparsity, published': lambda: sparsity(energy, outlier, is_published=True, **world_of),
        'border': lambda: border_energy_loss(
            maps[:, 10], maps[:, 11], inlier | outlier, beta=4.0, **world_of
        ),
        'contrast': lambda: prototype_contrast_loss(maps, labels, **both),
        'push': lambda: likelihood_push_loss(energy, outlier, **world_of),
        'push, published': lambda: likelihood_push_loss(
            energy, outlier, energy_limit=None, **world_of
        ),
        'posterior': lambda: dataset_posterior_loss(outlier_logit, inlier, outlier, **world_of),
        'posterior, balanced': lambda: dataset_posterior_loss(
            outlier_logit, inlier, outlier, is_balanced=True, **world_of
        ),
        'posterior, weighted': lambda: dataset_posterior_loss(
            outlier_logit,
            inlier,
            outlier,
            is_balanced=True,
            hard_inlier_share=0.5,
            outlier_weights=(labels % 3 + 1).float(),
            **world_of,
        ),
        'pseudo label': lambda: pseudo_label_loss(class_logits, frozen, inlier, **world_of),
        'entropy consistency': lambda: entropy_consistency_loss(
            class_logits, frozen, inlier, **world_of
        ),
        'entropy': lambda: entropy_maximisation_loss(class_logits, labels, **world_of),
        'entropy, published': lambda: entropy_maximisation_loss(
            class_logits, labels, is_published=True, **world_of
        ),
    }


def chunked_loss(name, maps, labels, *, rows, world=ALONE):
    """Return the loss `name` of `every_loss`, some rows at a time."""
    terms, _ = in_row_chunks(
        lambda part, world: {name: _losses_on(part['maps'], part['labels'], world)[name]()},
        lambda part: part['maps'][:, 10],
        {'maps': maps, 'labels': labels},
        world=world,
        rows=rows,
    )
    return terms[name]


NAMES = tuple(every_loss(example_maps(), example_labels()))
IN_CHUNKS = tuple(name for name in NAMES if name not in NOT_IN_CHUNKS)
