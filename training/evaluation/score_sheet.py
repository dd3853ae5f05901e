"""Pictures of one image for many scores: camera, truth, and the map of each score."""

from collections.abc import Mapping
from typing import Final

import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.contract.labels import OUTLIER_ID
from hopfield_pebal_ros.inference.overlay import draw_energy
from hopfield_pebal_ros.report.panels import Panel, outline
from training.evaluation.counting import SetCounts
from training.evaluation.pictures import (
    draw_truth,
    inlier_energy_at,
    reduced,
    spread_of_inliers,
)
from training.evaluation.scores import Scores

PANEL_WIDTH_PX: Final = 360


def score_panels(
    image_rgb: npt.NDArray[np.uint8],
    truth: npt.NDArray[np.uint8],
    scores: Mapping[str, Scores],
    counts: Mapping[str, SetCounts],
) -> list[Panel]:
    """Return the panels of an image; colours change where 1 % of a score's inliers lie above.

    Args:
        image_rgb: (H, W, 3) uint8 RGB.
        truth: (H, W) uint8 in our ids.
        scores: of each score by name.
        counts: of the whole set, which fix the colours.
    """
    small_rgb, small_truth, _ = reduced(
        image_rgb, truth, next(iter(scores.values())), PANEL_WIDTH_PX
    )
    panels = [Panel('camera', small_rgb), Panel('truth', draw_truth(small_rgb, small_truth, None))]
    for name, each in scores.items():
        occupied = counts[name].pixels.occupied()
        _, _, small = reduced(image_rgb, truth, each, PANEL_WIDTH_PX)
        energy_rgb = draw_energy(
            small.energy_map,
            threshold=inlier_energy_at(occupied, 0.99),
            scale=spread_of_inliers(occupied),
        )
        panels.append(Panel(name, outline(energy_rgb, small_truth == OUTLIER_ID)))
    return panels
