"""Smoothness and sparsity of the energy map, as means, without unlabelled pixels."""

from torch import Tensor

from training.losses.selection import mean_of, norm_of
from training.losses.world import ALONE, World


def smoothness(
    energy: Tensor, valid: Tensor, *, is_published: bool = False, world: World = ALONE
) -> Tensor:
    """Half the mean squared difference between neighbours, horizontal plus vertical.

    Tian et al. 2022, section 3.3. The authors' code sums over the batch, unlabelled pixels
    included, so that its weight depends on batch and crop size; this is a mean over the pairs
    whose two pixels are valid.

    Args:
        energy: (B, H, W) float [nat]; computed in float32.
        valid: (B, H, W) bool.
        is_published: the authors' sum over all pixels, valid or not (their weight: 3e-6).
        world: processes that share the batch.

    Returns:
        Scalar float32 [nat^2].
    """
    energy = energy.float()
    down = (energy[:, 1:] - energy[:, :-1]).square()
    right = (energy[:, :, 1:] - energy[:, :, :-1]).square()
    if is_published:
        return 0.5 * world.num_processes * (down.sum() + right.sum())
    return 0.5 * (
        mean_of(down, valid[:, 1:] & valid[:, :-1], world=world)
        + mean_of(right, valid[:, :, 1:] & valid[:, :, :-1], world=world)
    )


def sparsity(
    energy: Tensor, outlier: Tensor, *, is_published: bool = False, world: World = ALONE
) -> Tensor:
    """Mean absolute energy of outlier pixels; keeps them from running off to large energies.

    The authors' code takes the L2 norm over all outlier pixels of the batch, which grows with
    the root of their number; this does not.

    Args:
        energy: (B, H, W) float [nat]; computed in float32.
        outlier: (B, H, W) bool.
        is_published: the authors' norm (their weight: 5e-4).
        world: processes that share the batch.

    Returns:
        Scalar float32 [nat].
    """
    if is_published:
        return norm_of(energy.float(), outlier, world=world)
    return mean_of(energy.float().abs(), outlier, world=world)
