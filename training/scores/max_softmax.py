"""Maximum softmax: how improbable the most probable class is (Hendrycks and Gimpel 2017)."""

from typing import ClassVar

import torch
from torch import Tensor

from training.scores.readings import FeatureStream, Readings
from training.scores.score import Score, ScoreSettings, Unit


class MaxSoftmax(Score[ScoreSettings]):
    """E = -log max_k p_k: the order of 1 - max p, without its ties where p rounds to 1."""

    name: ClassVar[str] = 'max_softmax'
    unit: ClassVar[Unit] = 'nat'
    reads_features: ClassVar[bool] = False

    @classmethod
    def fit(cls, stream: FeatureStream, settings: ScoreSettings) -> 'MaxSoftmax':  # noqa: ARG003
        return cls(settings)

    def energy(self, readings: Readings) -> Tensor:
        logits = readings.class_logits
        behind = logits - logits.amax(dim=1, keepdim=True)  # <= 0, and 0 for the maximum
        # one maximum is left out of the sum, so that log1p keeps the digits of a sure answer
        further_maxima = (behind == 0).sum(dim=1) - 1
        return torch.log1p(behind.exp().where(behind < 0, 0.0).sum(dim=1) + further_maxima)
