"""Prototype contrast: embeddings near the prototype of their class, outliers far from all."""

import torch
import torch.nn.functional as F
from torch import Tensor

from hopfield_pebal_ros.contract.energy import free_energy
from training.losses.class_prototypes import ClassPrototypes
from training.losses.selection import inlier_and_outlier, mean_of
from training.losses.world import ALONE, World


def prototype_contrast_loss(
    embedding: Tensor,
    labels: Tensor,
    prototypes: ClassPrototypes,
    *,
    temperature: float = 0.1,
    outlier_weight: float = 0.0,
    world: World = ALONE,
) -> Tensor:
    """InfoNCE over class prototypes: cross-entropy of softmax_k(cos(z, c_k) / temperature).

    van den Oord et al. 2018, eq. 4, with the prototype of the pixel's class as the positive and
    those of the other classes seen so far as negatives. Outliers, if weighted, are to match none:
    log(1 + sum_k exp(cos(z, c_k) / temperature)), bounded because cosines are.

    Args:
        embedding: (B, D, H, W) float of any length and precision; computed in float32.
        labels: (B, H, W) int64 at the size of the embedding; `IGNORE_ID` and classes without a
            prototype take no part.
        prototypes: of the K classes; they get no gradient.
        temperature: > 0 [cosine].
        outlier_weight: factor of the outlier term.
        world: processes that share the batch.

    Returns:
        Scalar float32; 0 without prototypes.

    Raises:
        ValueError: temperature not positive.
    """
    if not temperature > 0:
        raise ValueError(f'contrast temperature must be positive, got {temperature}')
    is_seen = prototypes.is_seen
    with torch.autocast(embedding.device.type, enabled=False):  # products in float32
        unit = F.normalize(embedding.float(), dim=1)
        cosines = torch.einsum('bdhw,kd->bkhw', unit, prototypes.directions.detach())
    # the lowest finite number: minus infinity for every class would be no distribution
    lowest = torch.finfo(cosines.dtype).min
    scores = (cosines / temperature).masked_fill(~is_seen[:, None, None], lowest)
    inlier, outlier = inlier_and_outlier(labels)
    classes = labels.where(inlier, 0)
    inlier_term = F.cross_entropy(scores, classes, reduction='none')
    outlier_term = F.softplus(-free_energy(scores))
    return mean_of(inlier_term, inlier & is_seen[classes], world=world) + (
        outlier_weight * mean_of(outlier_term, outlier, world=world)
    )
