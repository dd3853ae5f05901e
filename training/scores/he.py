"""HE: Hopfield energy of the stored patterns of the predicted class (Zhang et al. 2023)."""

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from hopfield_pebal_ros.contract.energy import hopfield_energy
from training.scores.bands import in_bands
from training.scores.class_patterns import energy_per_class, sampled_patterns
from training.scores.readings import FeatureStream, Readings
from training.scores.score import Score, ScoreSettings, Unit
from training.scores.similarities import of_predicted_class


@dataclass(frozen=True, kw_only=True)
class HeSettings(ScoreSettings):
    beta: float = 0.01  # the authors' for ResNets; 0.2 for WRN-40-2
    patterns_per_class: int = 64
    """A sample of the training features, of which the authors keep all."""
    is_class_conditional: bool = True


class He(Score[HeSettings]):
    """E = -(1 / beta) log mean_m exp(beta <x_m, z>) over the patterns of a class.

    The authors sum instead of averaging, which makes classes with more examples look more like
    inliers; the mean does not.
    """

    name: ClassVar[str] = 'he'
    unit: ClassVar[Unit] = 'feature'
    class_ids: Tensor
    patterns: Tensor

    @classmethod
    def fit(cls, stream: FeatureStream, settings: HeSettings) -> 'He':
        ids, patterns = sampled_patterns(stream, settings, per_class=settings.patterns_per_class)
        return cls(settings, class_ids=ids, patterns=patterns)

    @in_bands
    def energy(self, readings: Readings) -> Tensor:
        beta = self.settings.beta
        energies = energy_per_class(readings.features, self.patterns, beta=beta)
        if self.settings.is_class_conditional:
            return of_predicted_class(energies, readings.class_logits, self.class_ids)
        # classes hold equally many patterns: the mean over all is the mean of their means
        found: Tensor = hopfield_energy(-energies, beta=beta)
        return found
