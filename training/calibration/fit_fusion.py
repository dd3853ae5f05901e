"""Fit how several energies make one: where their inliers lie, and how much each counts."""

from typing import Final

import numpy as np

from training.calibration.component_sample import ComponentSample
from training.calibration.fusion_weights import fusion_weights
from training.models.fusion import Fusion

_SMALLEST_SPREAD: Final = 1e-6  # relative; below it, float32 maps differ by rounding alone


def fit_fusion(sample: ComponentSample) -> Fusion:
    """Standardise the energies by their inliers and weigh them by a sample of pixels.

    Energies that are constant on inliers or that add nothing are not in the fusion.

    Args:
        sample: of training composites alone, never of validation or calibration images.

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
    standardised = (sample.energies() - means)[:, varies] / deviations[varies]
    weights = np.zeros(len(means))
    weights[varies] = fusion_weights(standardised, sample.is_outlier())
    kept = np.flatnonzero(weights)
    return Fusion(
        components=tuple(sample.components[place] for place in kept),
        means=tuple(means[kept].tolist()),
        standard_deviations=tuple(deviations[kept].tolist()),
        weights=tuple(weights[kept].tolist()),
    )
