"""Free energy of the class logits, EL: E = -T log sum_k exp(f_k / T) (Liu et al. 2020)."""

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from hopfield_pebal_ros.contract.energy import free_energy
from training.scores.readings import FeatureStream, Readings
from training.scores.score import Score, ScoreSettings, Unit


@dataclass(frozen=True, kw_only=True)
class FreeEnergySettings(ScoreSettings):
    temperature: float = 1.0


class FreeEnergy(Score[FreeEnergySettings]):
    """With a bias-free classifier it is a Hopfield energy whose patterns are its weights."""

    name: ClassVar[str] = 'free_energy'
    unit: ClassVar[Unit] = 'nat'
    reads_features: ClassVar[bool] = False

    @classmethod
    def fit(cls, stream: FeatureStream, settings: FreeEnergySettings) -> 'FreeEnergy':  # noqa: ARG003
        return cls(settings)

    def energy(self, readings: Readings) -> Tensor:
        temperature = self.settings.temperature
        found: Tensor = free_energy(readings.class_logits, temperature=temperature)
        return found
