"""At which sizes beside its own a picture is rated, and how the energies become one."""

from dataclasses import dataclass
from typing import Final

SMALLEST: Final = 0.1
LARGEST: Final = 4.0


@dataclass(frozen=True, kw_only=True)
class Scales:
    """Scales relative to the network's size; each costs its share of pixels again."""

    further: tuple[float, ...] = ()
    """The energy is the mean of those of the picture as it is and at these scales."""
    fine: float | None = None
    """Above 1: the greater of that mean and the energy at this scale counts. Objects of a few
    pixels show in an enlarged picture alone, where a mean would hide them."""
    fine_weights: tuple[float, ...] = ()
    """What each energy counts at the fine scale; none: as at the others."""

    def __post_init__(self) -> None:
        if any(not SMALLEST <= each <= LARGEST or each == 1 for each in self.further):
            raise ValueError(
                f'further_scales must lie in {SMALLEST}..{LARGEST:g} and not be 1, which is '
                f'always taken, got {self.further}'
            )
        if self.fine is not None and not 1 < self.fine <= LARGEST:
            raise ValueError(
                f'fine_scale must lie above 1 and up to {LARGEST:g}, got {self.fine}; smaller '
                'ones belong to further_scales'
            )
        if self.fine_weights and self.fine is None:
            raise ValueError(
                f'fine_weights are {self.fine_weights}, but there is no fine scale; give '
                '--fine-scale'
            )
        if self.fine_weights and (min(self.fine_weights) < 0 or sum(self.fine_weights) <= 0):
            raise ValueError(
                f'fine_weights must be 0 or more, and not all of them 0, got {self.fine_weights}'
            )


OWN_SCALE: Final = Scales()
"""The picture as it is, nothing else."""
