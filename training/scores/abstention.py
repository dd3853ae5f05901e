"""Abstention energy: the abstention or background logit against all classes together."""

from typing import ClassVar

from torch import Tensor

from hopfield_pebal_ros.contract.energy import abstention_energy
from training.scores.readings import FeatureStream, Readings, ScoreError
from training.scores.score import Score, ScoreSettings, Unit


class AbstentionEnergy(Score[ScoreSettings]):
    """E = f_abstention - log sum_k exp(f_k): log-odds of abstaining under PEBAL's softmax."""

    name: ClassVar[str] = 'abstention'
    unit: ClassVar[Unit] = 'nat'
    reads_features: ClassVar[bool] = False

    @classmethod
    def fit(cls, stream: FeatureStream, settings: ScoreSettings) -> 'AbstentionEnergy':  # noqa: ARG003
        return cls(settings)

    def energy(self, readings: Readings) -> Tensor:
        if readings.abstention_logit is None:
            raise ScoreError(
                'abstention needs a network with an abstention or background logit, and this one '
                'has none; leave the score out'
            )
        found: Tensor = abstention_energy(readings.class_logits, readings.abstention_logit)
        return found
