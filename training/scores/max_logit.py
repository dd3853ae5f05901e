"""Maximum logit: E = -max_k f_k (Hendrycks et al. 2022)."""

from typing import ClassVar

from torch import Tensor

from training.scores.readings import FeatureStream, Readings
from training.scores.score import Score, ScoreSettings, Unit


class MaxLogit(Score[ScoreSettings]):
    """Without the competition of classes that the softmax brings in."""

    name: ClassVar[str] = 'max_logit'
    unit: ClassVar[Unit] = 'nat'
    reads_features: ClassVar[bool] = False

    @classmethod
    def fit(cls, stream: FeatureStream, settings: ScoreSettings) -> 'MaxLogit':  # noqa: ARG003
        return cls(settings)

    def energy(self, readings: Readings) -> Tensor:
        return -readings.class_logits.amax(dim=1)
