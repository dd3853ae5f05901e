"""Smoothness and sparsity of the energy map, as means, without unlabelled pixels."""

from torch import Tensor

from training.losses.selection import mean_of


def smoothness(energy: Tensor, valid: Tensor) -> Tensor:
    """Half the mean squared difference between neighbours, horizontal plus vertical.

    Tian et al. 2022, section 3.3. The authors' code sums over the batch, unlabelled pixels
    included, so that its weight depends on batch and crop size; this is a mean over the pairs
    whose two pixels are valid.

    Args:
        energy: (B, H, W) float [nat]; computed in float32.
        valid: (B, H, W) bool.

    Returns:
        Scalar float32 [nat^2].
    """
    energy = energy.float()
    down = (energy[:, 1:] - energy[:, :-1]).square()
    right = (energy[:, :, 1:] - energy[:, :, :-1]).square()
    return 0.5 * (
        mean_of(down, valid[:, 1:] & valid[:, :-1])
        + mean_of(right, valid[:, :, 1:] & valid[:, :, :-1])
    )


def sparsity(energy: Tensor, outlier: Tensor) -> Tensor:
    """Mean absolute energy of outlier pixels; keeps them from running off to large energies.

    The authors' code takes the L2 norm over all outlier pixels of the batch, which grows with
    their number; this does not.

    Args:
        energy: (B, H, W) float [nat]; computed in float32.
        outlier: (B, H, W) bool.

    Returns:
        Scalar float32 [nat].
    """
    return mean_of(energy.float().abs(), outlier)
