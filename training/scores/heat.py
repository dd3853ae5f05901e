"""HEAT: GMM, GMM-std and EL, each with its residual, composed (Lafon et al. 2023)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from torch import Tensor

from training.scores.composition import StandardisedScores, combined
from training.scores.heat_el import HeatEl, HeatElSettings
from training.scores.heat_gmm import HeatGmm, HeatGmmSettings
from training.scores.heat_gmm_std import HeatGmmStd, HeatGmmStdSettings
from training.scores.readings import FeatureStream, Readings
from training.scores.score import Score, ScoreSettings, Unit, tensors_of


@dataclass(frozen=True, kw_only=True)
class HeatSettings(ScoreSettings):
    beta: float = 0.0
    """0 sums the standardised energies, as the authors do; inf takes the largest."""
    gmm: HeatGmmSettings = field(default_factory=HeatGmmSettings)
    gmm_std: HeatGmmStdSettings = field(default_factory=HeatGmmStdSettings)
    el: HeatElSettings = field(default_factory=HeatElSettings)


class Heat(Score[HeatSettings]):
    """Standardised on all inliers that it was fitted on; the authors use one batch of 256."""

    name: ClassVar[str] = 'heat'
    unit: ClassVar[Unit] = 'inlier standard deviation'
    reads_classifier_input: ClassVar[bool] = True

    def __init__(self, settings: HeatSettings, parts: StandardisedScores) -> None:
        super().__init__(settings)
        self.parts = parts

    @classmethod
    def fit(cls, stream: FeatureStream, settings: HeatSettings) -> 'Heat':
        scores = (
            HeatGmm.fit(stream, settings.gmm),
            HeatGmmStd.fit(stream, settings.gmm_std),
            HeatEl.fit(stream, settings.el),
        )
        return cls(settings, StandardisedScores.fit(scores, stream))

    @classmethod
    def from_tensors(cls, settings: HeatSettings, tensors: Mapping[str, Tensor]) -> 'Heat':
        below = [tensors_of(tensors, f'parts.scores.{index}.') for index in range(3)]
        scores = (
            HeatGmm.from_tensors(settings.gmm, below[0]),
            HeatGmmStd.from_tensors(settings.gmm_std, below[1]),
            HeatEl.from_tensors(settings.el, below[2]),
        )
        parts = StandardisedScores(
            scores, means=tensors['parts.means'], deviations=tensors['parts.deviations']
        )
        return cls(settings, parts)

    def energy(self, readings: Readings) -> Tensor:
        return combined(self.parts.energies(readings), beta=self.settings.beta)
