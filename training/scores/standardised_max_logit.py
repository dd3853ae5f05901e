"""Standardised maximum logit: each class has a usual height of its logit (Jung et al. 2021)."""

from typing import ClassVar

import torch
from torch import Tensor

from training.scores.class_moments import present_classes
from training.scores.readings import FeatureStream, Readings, checked
from training.scores.score import Score, ScoreSettings, Unit
from training.scores.similarities import of_predicted_class

_SMALLEST_DEVIATION = 1e-6


class StandardisedMaxLogit(Score[ScoreSettings]):
    """E = -(max f - mean_c) / deviation_c of the predicted class c.

    Without the boundary suppression and smoothing that follow in the paper.
    """

    name: ClassVar[str] = 'standardised_max_logit'
    unit: ClassVar[Unit] = 'inlier standard deviation'
    reads_features: ClassVar[bool] = False
    class_ids: Tensor
    means: Tensor
    deviations: Tensor

    @classmethod
    def fit(cls, stream: FeatureStream, settings: ScoreSettings) -> 'StandardisedMaxLogit':
        """Fit on all inliers, sorted by the predicted class, as the paper does."""
        counts, sums, squares = torch.zeros(3, stream.num_classes, dtype=torch.float64)
        for batch in checked(stream):
            height, predicted = batch.inliers().class_logits.double().max(dim=1)
            counts.index_add_(0, predicted, torch.ones_like(height))
            sums.index_add_(0, predicted, height)
            squares.index_add_(0, predicted, height.square())
        ids = present_classes(counts, leaves_out_empty=settings.leaves_out_empty_classes)
        means = sums[ids] / counts[ids]
        variances = (squares[ids] / counts[ids] - means.square()).clamp(min=0)
        deviations = variances.sqrt().clamp(min=_SMALLEST_DEVIATION)
        return cls(settings, class_ids=ids, means=means.float(), deviations=deviations.float())

    def energy(self, readings: Readings) -> Tensor:
        logits = readings.class_logits.index_select(1, self.class_ids)
        shape = (1, -1) + (1,) * (logits.ndim - 2)
        standardised = (logits - self.means.view(shape)) / self.deviations.view(shape)
        return -of_predicted_class(standardised, readings.class_logits, self.class_ids)
