"""Entropy of the class posterior: E = -sum_k p_k log p_k."""

from typing import ClassVar

from torch import Tensor

from training.scores.readings import FeatureStream, Readings
from training.scores.score import Score, ScoreSettings, Unit


class Entropy(Score[ScoreSettings]):
    """Between 0 and log K."""

    name: ClassVar[str] = 'entropy'
    unit: ClassVar[Unit] = 'nat'
    reads_features: ClassVar[bool] = False

    @classmethod
    def fit(cls, stream: FeatureStream, settings: ScoreSettings) -> 'Entropy':  # noqa: ARG003
        return cls(settings)

    def energy(self, readings: Readings) -> Tensor:
        log_probs = readings.class_logits.log_softmax(dim=1)
        return -(log_probs.exp() * log_probs).sum(dim=1)
