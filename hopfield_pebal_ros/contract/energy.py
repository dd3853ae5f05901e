"""Every anomaly energy, once: the same lines run on NumPy, on torch and in the exported graph."""

import math
import sys
from collections.abc import Sequence
from typing import Any, Final

Array = Any
"""A NumPy array or a torch tensor; the result is of the same kind."""

ENERGY_UNITS: Final = ('nat', 'inlier standard deviation', 'feature')
"""What a published energy may be counted in; higher is more anomalous in each of them."""

SMALL_EXPONENT: Final = 70.0
"""Float32 holds exp(x) of |x| up to here, 2e-35 to 6e34, and sums of a thousand of them."""


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


def abstention_energy(class_logits: Array, abstention_logit: Array) -> Array:
    """Log-odds of the abstention channel against all classes: E = f_{K+1} - log sum_k exp(f_k).

    For a network with PEBAL's channel, or with a background output of its closed-set training.

    Args:
        class_logits: (B, K, H, W) float, inlier classes only.
        abstention_logit: (B, H, W) float.

    Returns:
        (B, H, W) float in nats; higher is more anomalous.
    """
    return abstention_logit + free_energy(class_logits)


def dense_hybrid_energy(class_logits: Array, outlier_logit: Array) -> Array:
    """Free energy plus log posterior of the outlier data set: E = log P(d_out | x) - LSE(f).

    Grcic et al. 2022, "DenseHybrid". Without its softmax followed by a logarithm, which
    gives minus infinity for a sure inlier.

    Args:
        class_logits: (B, K, H, W) float, inlier classes only.
        outlier_logit: (B, H, W) float, log-odds of d_out against d_in; of a two-way head, its
            outlier logit minus its inlier logit.

    Returns:
        (B, H, W) float in nats; higher is more anomalous.
    """
    return free_energy(class_logits) + log_sigmoid(outlier_logit)


def hopfield_energy(
    similarities: Array, *, beta: Array | float, axis: int = 1, is_small: bool = False
) -> Array:
    """Distance of queries from stored patterns: E = -(1 / beta) log mean_m exp(beta s_m).

    Hofmann et al. 2024, "Energy-based Hopfield Boosting", without the norm terms, which are
    constant for vectors of length 1. The mean makes memories of different size comparable.

    Args:
        similarities: (B, M, H, W) float, inner products of a query with M > 0 stored patterns.
        beta: inverse temperature, > 0; larger follows the nearest pattern more closely.
        axis: where the M patterns are.
        is_small: of beta times the similarities, as in `log_sum_exp`.

    Returns:
        (B, H, W) float in the unit of `similarities`; higher is further from the memory.
    """
    return -log_mean_exp(beta * similarities, axis=axis, is_small=is_small) / beta


def hopfield_boosting_energy(
    inlier_similarities: Array,
    outlier_similarities: Array,
    *,
    beta: Array | float,
    axis: int = 1,
    is_small: bool = False,
) -> Array:
    """Distance from the inlier memory minus distance from the outlier memory.

    Hofmann et al. 2024, "Energy-based Hopfield Boosting", the score, sign turned.

    Args:
        inlier_similarities: (B, M, H, W) float.
        outlier_similarities: (B, N, H, W) float; N may differ from M.
        beta: inverse temperature of both memories, > 0.
        axis: where the patterns are.
        is_small: of beta times the similarities, as in `log_sum_exp`.

    Returns:
        (B, H, W) float in the unit of the similarities; higher is more anomalous, 0 between.
    """
    inlier_energy, outlier_energy = (
        hopfield_energy(each, beta=beta, axis=axis, is_small=is_small)
        for each in (inlier_similarities, outlier_similarities)
    )
    return inlier_energy - outlier_energy


def border_energy(inlier_energy: Array, outlier_energy: Array, *, beta: Array | float) -> Array:
    """Nearness to the border of two memories: E_b = -(2 / beta) log cosh(beta (E_i - E_o) / 2).

    Hofmann et al. 2024, "Energy-based Hopfield Boosting", E_b without its constant. No anomaly
    energy: it does not tell the two sides apart, and serves training alone.

    Args:
        inlier_energy: any shape, float, Hopfield energy E_i of the inlier memory.
        outlier_energy: the same shape, E_o of the outlier memory.
        beta: inverse temperature, > 0.

    Returns:
        The same shape and unit; 0 on the border, falling on both sides.
    """
    half = abs(0.5 * beta * (inlier_energy - outlier_energy))
    return -2 / beta * (half + softplus(-2 * half) - math.log(2))


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


def log_sum_exp(values: Array, *, axis: int, is_small: bool = False) -> Array:
    """Return log sum exp(values) over `axis`, which is removed.

    The maximum keeps exp in range: log sum exp(v) = m + log sum exp(v - m) for every m. Values
    that are known to be small do without, in float32 as exactly, and save finding it.

    Args:
        values: float.
        axis: to add up.
        is_small: whether all values are at most `SMALL_EXPONENT`, and at least one of each sum
            is not below its negative; float32 or wider.
    """
    xp = _array_module(values)
    if is_small:
        return xp.log(xp.sum(xp.exp(values), axis=axis))
    peak = xp.amax(values, axis=axis, keepdims=True)
    total = xp.log(xp.sum(xp.exp(values - peak), axis=axis))
    return xp.squeeze(peak, axis) + total


def log_mean_exp(values: Array, *, axis: int, is_small: bool = False) -> Array:
    """Return log mean exp(values) over `axis`, which is removed; `is_small` as in a sum."""
    return log_sum_exp(values, axis=axis, is_small=is_small) - math.log(values.shape[axis])


def log_sigmoid(values: Array) -> Array:
    """Return log(1 / (1 + exp(-values))) without overflow, same shape."""
    return -softplus(-values)


def softplus(values: Array) -> Array:
    """Return log(1 + exp(values)) without overflow, same shape."""
    xp = _array_module(values)
    size = abs(values)
    return 0.5 * values + 0.5 * size + xp.log(1 + xp.exp(-size))


def _array_module(array: Array) -> Any:
    """Return numpy or torch, whichever `array` belongs to, without importing either."""
    return sys.modules[type(array).__module__.partition('.')[0]]
