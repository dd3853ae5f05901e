"""The image-level protocol of SHE, RecLag and HEAT: inlier is positive, mean over draws."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.evaluation.exact_metrics import exact_points
from hopfield_pebal_ros.evaluation.pixel_metrics import figures_of

NUM_DRAWS: Final = 10
"""As published with SHE: ten draws of outliers, a fifth as many as there are test inliers."""

_SHARE: Final = 5

Energies = npt.NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class ImageFigures:
    """Fractions 0..1, the inlier being positive; not to be compared with pixel figures."""

    auroc: float
    aupr: float
    fpr95: float
    """Outliers accepted when 95 % of the inliers are."""
    num_inliers: int
    num_outliers: int
    """In each draw."""


def image_figures(inlier: Energies, outlier: Energies, *, seed: int) -> ImageFigures:
    """Return the mean of the figures over the published draws of outliers.

    Where there are fewer outliers than a draw takes, every draw is all of them.

    Args:
        inlier: (N,) float32 energies of test pictures of known classes.
        outlier: (M,) float32 energies.
        seed: of the draws.

    Raises:
        ValueError: there is no inlier or no outlier.
    """
    if len(inlier) == 0 or len(outlier) == 0:
        raise ValueError(f'{len(inlier)} inlier and {len(outlier)} outlier pictures: give both')
    rng = np.random.default_rng(seed)
    size = min(len(outlier), max(1, len(inlier) // _SHARE))
    draws = []
    for _ in range(NUM_DRAWS if size < len(outlier) else 1):
        drawn = rng.choice(outlier, size, replace=False)
        # the pixel tools count what is high as found; here that is the inlier, so signs turn
        confidence = -np.concatenate([inlier, drawn])
        is_inlier = np.arange(len(confidence)) < len(inlier)
        draws.append(figures_of(exact_points(confidence, is_inlier)))
    return ImageFigures(
        auroc=float(np.mean([each.auroc for each in draws])),
        aupr=float(np.mean([each.ap for each in draws])),
        fpr95=float(np.mean([each.fpr95 for each in draws])),
        num_inliers=len(inlier),
        num_outliers=size,
    )
