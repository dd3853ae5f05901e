"""Every anomaly energy, once: the same lines run on NumPy, on torch and in the exported graph."""

import sys
from collections.abc import Sequence
from typing import Any, Final

Array = Any
"""A NumPy array or a torch tensor; the result is of the same kind."""

ENERGY_UNITS: Final = ('nat', 'inlier standard deviation', 'feature')
"""What a published energy may be counted in; higher is more anomalous in each of them."""


def free_energy(class_logits: Array, *, temperature: float = 1.0, axis: int = 1) -> Array:
    """Free energy of the inlier classes: E = -T log sum_k exp(f_k / T).

    Liu et al. 2020, "Energy-based Out-of-distribution Detection", eq. 4.

    Args:
        class_logits: (B, K, H, W) float, inlier classes only, without an abstention channel.
        temperature: T > 0.
        axis: where the K classes are.

    Returns:
        (B, H, W) float in nats; higher is more anomalous.
    """
    return -temperature * log_sum_exp(class_logits / temperature, axis=axis)


def pebal_energy(logits: Array, *, num_classes: int) -> Array:
    """Energy of a network with an abstention channel, which is kept out of the sum.

    Tian et al. 2022, "Pixel-wise Energy-biased Abstention Learning", eq. 4. The abstention channel
    shapes the training; it takes part in neither the energy nor the arg-max.

    Args:
        logits: (B, num_classes + 1, H, W) float, the abstention channel last.
        num_classes: K inlier classes.

    Returns:
        (B, H, W) float in nats; higher is more anomalous.

    Raises:
        ValueError: the number of channels is not num_classes + 1.
    """
    if logits.shape[1] != num_classes + 1:
        raise ValueError(
            f'logits have {logits.shape[1]} channels, expected {num_classes} classes and one '
            'abstention channel; use free_energy for a network without one'
        )
    return free_energy(logits[:, :num_classes])


def standardised_energy(energy: Array, *, mean: float, standard_deviation: float) -> Array:
    """Energy as a distance from the inliers: (E - mean) / standard deviation.

    Args:
        energy: any shape, float.
        mean: mean inlier energy, in the unit of `energy`.
        standard_deviation: of the inlier energy, > 0.

    Returns:
        The same shape, in inlier standard deviations.
    """
    return (energy - mean) / standard_deviation


def fused_energy(energies: Sequence[Array], weights: Sequence[float]) -> Array:
    """Weighted sum of standardised energies: E = sum_i w_i E_i.

    Args:
        energies: each (B, H, W) float in inlier standard deviations.
        weights: one for each energy, >= 0, sum 1.

    Returns:
        (B, H, W) float in inlier standard deviations of the components.

    Raises:
        ValueError: weights that are negative, do not sum to 1, or do not match the energies.
    """
    if len(energies) != len(weights) or not energies:
        raise ValueError(f'{len(energies)} energies need as many weights, got {len(weights)}')
    if min(weights) < 0 or abs(sum(weights) - 1) > 1e-6:
        raise ValueError(f'fusion weights must be >= 0 and sum to 1, got {list(weights)}')
    fused = energies[0] * weights[0]
    for energy, weight in zip(energies[1:], weights[1:], strict=True):
        fused = fused + energy * weight
    return fused


def log_sum_exp(values: Array, *, axis: int) -> Array:
    """Return log sum exp(values) over `axis`, which is removed; the maximum keeps exp in range."""
    xp = _array_module(values)
    peak = xp.amax(values, axis=axis, keepdims=True)
    total = xp.log(xp.sum(xp.exp(values - peak), axis=axis))
    return xp.squeeze(peak, axis) + total


def _array_module(array: Array) -> Any:
    """Return numpy or torch, whichever `array` belongs to, without importing either."""
    return sys.modules[type(array).__module__.partition('.')[0]]
