"""Several anomaly energies made one: a convex sum, each in inlier standard deviations."""

from dataclasses import dataclass

from torch import Tensor

from hopfield_pebal_ros.contract.energy import fused_energy, standardised_energy
from hopfield_pebal_ros.contract.metadata import EnergyDescription
from training.models.anomaly_outputs import OF_FEATURES, AnomalyOutputs, at_size, energy_of


@dataclass(frozen=True, kw_only=True)
class Fusion:
    """Which energies are added, where their inliers lie, and how much each counts."""

    components: tuple[str, ...]
    """Keys of `ENERGIES`."""
    means: tuple[float, ...]
    standard_deviations: tuple[float, ...]
    """Of inlier pixels, in the unit of each component."""
    weights: tuple[float, ...]
    """>= 0, sum 1."""

    def __post_init__(self) -> None:
        lengths = {len(getattr(self, each)) for each in self.__dataclass_fields__}
        if lengths != {len(self.components)} or not self.components:
            raise ValueError(f'a fusion needs one mean, deviation and weight a component: {self}')
        if min(self.standard_deviations) <= 0:
            raise ValueError(
                f'{self.components} have inlier standard deviations {self.standard_deviations}; '
                'a constant energy says nothing, leave it out'
            )

    @property
    def is_single(self) -> bool:
        """Whether there is one component, which then keeps its own unit and zero."""
        return len(self.components) == 1

    def energy(self, outputs: AnomalyOutputs, *, size_hw: tuple[int, int]) -> Tensor:
        """Return the fused energy (B, h, w) float32 of a network's outputs.

        Args:
            outputs: maps of any sizes; each component is brought to `size_hw` on its own.
            size_hw: where the components meet.
        """
        energies = [
            at_size(energy_of(outputs, name).float()[:, None], size_hw)[:, 0]
            for name in self.components
        ]
        if self.is_single:
            return energies[0]
        standardised = [
            standardised_energy(energy, mean=mean, standard_deviation=deviation)
            for energy, mean, deviation in zip(
                energies, self.means, self.standard_deviations, strict=True
            )
        ]
        fused: Tensor = fused_energy(standardised, self.weights)
        return fused

    def description(self) -> EnergyDescription:
        """Return what the deployable file says of this energy."""
        if self.is_single:
            [kind] = self.components
            unit = 'feature' if kind in OF_FEATURES else 'nat'
            return EnergyDescription(kind=kind, unit=unit, components=self.components)
        return EnergyDescription(
            kind='fused_energy', unit='inlier standard deviation', components=self.components
        )


def single(component: str) -> Fusion:
    """Return the fusion of one energy, in its own unit."""
    return Fusion(
        components=(component,), means=(0.0,), standard_deviations=(1.0,), weights=(1.0,)
    )
