"""Several anomaly energies made one: a convex sum, each in inlier standard deviations."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

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
        if self.is_single:
            return at_size(energy_of(outputs, self.components[0]).float()[:, None], size_hw)[:, 0]
        counted = [each for each in range(len(self.weights)) if self.weights[each] > 0]
        standardised = [
            standardised_energy(
                at_size(energy_of(outputs, self.components[each]).float()[:, None], size_hw)[:, 0],
                mean=self.means[each],
                standard_deviation=self.standard_deviations[each],
            )
            for each in counted
        ]
        fused: Tensor = fused_energy(standardised, [self.weights[each] for each in counted])
        return fused

    def reweighted(self, weights: Sequence[float]) -> 'Fusion':
        """Return the same components with other weights, brought to a sum of 1; none: as here."""
        if not weights:
            return self
        return replace(self, weights=tuple(weight / sum(weights) for weight in weights))

    def description(self) -> EnergyDescription:
        """Return what the deployable file says of this energy."""
        if self.is_single:
            [kind] = self.components
            unit = 'feature' if kind in OF_FEATURES else 'nat'
            return EnergyDescription(kind=kind, unit=unit, components=self.components)
        counted = tuple(
            name for name, weight in zip(self.components, self.weights, strict=True) if weight > 0
        )
        return EnergyDescription(
            kind='fused_energy', unit='inlier standard deviation', components=counted
        )


def single(component: str) -> Fusion:
    """Return the fusion of one energy, in its own unit."""
    return Fusion(
        components=(component,), means=(0.0,), standard_deviations=(1.0,), weights=(1.0,)
    )
