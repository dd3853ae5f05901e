"""What a report says of one frame's result: energies, regions and, where labelled, figures."""

from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.inference.regions import Region

ENERGY_QUANTILES: Final = {
    'min': 0.0, 'p1': 0.01, 'p25': 0.25, 'p50': 0.5, 'p75': 0.75, 'p99': 0.99, 'max': 1.0,
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class FrameStatistics:
    """Of one frame at camera size."""

    energy: dict[str, float]
    """Quantiles named as in `ENERGY_QUANTILES`; empty where the network saw nothing."""
    anomaly_share: float
    """Anomalous pixels over all pixels, 0..1."""
    regions: tuple[Region, ...]
    """Those with the largest peak energy first."""
    figures: dict[str, float] = field(default_factory=dict)
    """Fractions 0..1 against the ground truth of this frame: 'ap', 'auroc', 'fpr95' where it has
    outliers and inliers, 'miou' where it has classes."""


def energy_quantiles(energy_map: npt.NDArray[np.float32]) -> dict[str, float]:
    """Return `ENERGY_QUANTILES` of the energies that are not NaN."""
    energies = energy_map[~np.isnan(energy_map)]
    if not energies.size:
        return {}
    values = np.quantile(energies, list(ENERGY_QUANTILES.values()))
    return dict(zip(ENERGY_QUANTILES, map(float, values), strict=True))
