"""HEAT's GMM-std: the same mixture on how much each feature varies in space."""

from dataclasses import dataclass
from typing import ClassVar, Final

import torch.nn.functional as F
from torch import Tensor

from training.scores.heat_gmm import HeatGmm, HeatGmmSettings
from training.scores.readings import Readings, ScoreError

WINDOW: Final = 9
"""Cells of a map over which the deviation is taken; odd."""


@dataclass(frozen=True, kw_only=True)
class HeatGmmStdSettings(HeatGmmSettings):
    reads_deviations: bool = True


class HeatGmmStd(HeatGmm):
    """The authors take the deviation over the whole picture, here it is that of a window.

    A window reaches over the borders of objects, so expect halos.
    """

    name: ClassVar[str] = 'heat_gmm_std'

    def energy(self, readings: Readings) -> Tensor:
        deviations = readings.deviations
        if deviations is None:
            if readings.features.ndim == 2:
                raise ScoreError(
                    'heat_gmm_std of vectors needs Readings.deviations, the standard deviation '
                    'of each feature over its picture'
                )
            deviations = local_deviation(readings.features)
        return super().energy(readings._replace(features=deviations))


def local_deviation(features: Tensor) -> Tensor:
    """Return the standard deviation (B, D, H, W) over windows, cut at the edges of the map."""
    # squares of values near their mean keep digits that squares of large values lose
    centred = features - features.mean(dim=(2, 3), keepdim=True)
    mean, square = (
        F.avg_pool2d(each, WINDOW, stride=1, padding=WINDOW // 2, count_include_pad=False)
        for each in (centred, centred.square())
    )
    return (square - mean.square()).clamp(min=1e-12).sqrt()
