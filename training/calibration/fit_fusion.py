"""Fit how several energies make one: where their inliers lie, and how much each counts."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from training.calibration.component_sample import ComponentSample
from training.calibration.fusion_weights import fusion_weights
from training.models.fusion import Fusion

_SMALLEST_SPREAD: Final = 1e-6  # relative; below it, float32 maps differ by rounding alone


def fit_fusion(sample: ComponentSample, *, weights: Sequence[float] | None = None) -> Fusion:
    """Standardise the energies by their inliers and weigh them by a sample of pixels.

    Energies that are constant on inliers or that add nothing are not in the fusion.

    Args:
        sample: of training composites alone, never of validation or calibration images.
        weights: > 0, of each energy, to be scaled to sum 1; None: they are fitted.

    Raises:
        ValueError: no inlier or no outlier pixel, or no energy tells them apart.
    """
    means = sample.inlier_moments.mean
    deviations = sample.inlier_moments.standard_deviation()
    varies = deviations > _SMALLEST_SPREAD * np.maximum(np.abs(means), 1)
    if sample.inlier_moments.count and not varies.any():
        raise ValueError(
            f'{", ".join(sample.components)}: constant on the inlier pixels of the training '
            'composites; has the network been trained?'
        )
    fused = np.zeros(len(means))
    if weights is None:
        standardised = (sample.energies() - means)[:, varies] / deviations[varies]
        fused[varies] = fusion_weights(standardised, sample.is_outlier())
    else:
        fused[:] = np.asarray(weights) / np.sum(weights)
    kept = np.flatnonzero(fused)
    return Fusion(
        components=tuple(sample.components[place] for place in kept),
        means=tuple(means[kept].tolist()),
        standard_deviations=tuple(deviations[kept].tolist()),
        weights=tuple(fused[kept].tolist()),
    )
