"""PEBAL's energy: free energy without the abstention logit, blurred over 7x7 image pixels."""

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor

from hopfield_pebal_ros.contract.energy import free_energy
from training.scores.readings import FeatureStream, Readings
from training.scores.score import Score, ScoreSettings, Unit

_RADIUS_PX = 3  # PEBAL, inference: 7x7, sigma 1, in image pixels
_SIGMA_PX = 1.0


@dataclass(frozen=True, kw_only=True)
class PebalSettings(ScoreSettings):
    is_blurred: bool = True


class PebalEnergy(Score[PebalSettings]):
    """Tian et al. 2022. `Readings.class_logits` never hold the abstention channel.

    The blur is given in image pixels, so it shrinks with the stride of the maps. Vectors have no
    neighbours and are not blurred.
    """

    name: ClassVar[str] = 'pebal'
    unit: ClassVar[Unit] = 'nat'
    reads_features: ClassVar[bool] = False

    @classmethod
    def fit(cls, stream: FeatureStream, settings: PebalSettings) -> 'PebalEnergy':  # noqa: ARG003
        return cls(settings)

    def energy(self, readings: Readings) -> Tensor:
        energy: Tensor = free_energy(readings.class_logits)
        if energy.ndim == 1 or not self.settings.is_blurred:
            return energy
        return blurred(energy, stride=readings.stride)


def blurred(energy: Tensor, *, stride: int) -> Tensor:
    """Return (B, H, W) after a Gaussian of sigma 1 image pixel, edges reflected.

    Args:
        energy: (B, H, W) float.
        stride: image pixels per pixel of the map.
    """
    radius = math.ceil(_RADIUS_PX / stride)
    places = torch.arange(-radius, radius + 1, device=energy.device) * (stride / _SIGMA_PX)
    taps = torch.exp(-0.5 * places.square()).to(energy.dtype)
    taps = taps / taps.sum()
    padded = F.pad(energy[:, None], (radius,) * 4, mode='reflect')
    rows = F.conv2d(padded, taps.view(1, 1, -1, 1))
    return F.conv2d(rows, taps.view(1, 1, 1, -1))[:, 0]
