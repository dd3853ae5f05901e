"""What calibration keeps of the energy maps it has seen; its memory does not grow with them."""

import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.evaluation.ground_truth import outlier_and_valid
from hopfield_pebal_ros.evaluation.pixel_metrics import PixelCounter
from training.calibration.image_risk import ImageRisk
from training.calibration.moments import Moments


class EnergyCounts:
    """Labelled pixels per energy: pooled, and as shares of each image."""

    def __init__(self) -> None:
        self.pooled = PixelCounter()
        self.risk = ImageRisk()
        self.inlier_moments = Moments.none(1)
        self._image = PixelCounter()

    def add(self, energy_map: npt.NDArray[np.float32], label_map: npt.NDArray[np.uint8]) -> None:
        """Count one image; ignored pixels take no part.

        Args:
            energy_map: (h, w) float32, higher is more anomalous.
            label_map: (h, w) uint8 true ids, `OUTLIER_ID`, `IGNORE_ID`.

        Raises:
            ValueError: the sizes differ, or a labelled pixel has no finite energy. Nothing was
                counted then.
        """
        outlier, is_labelled = outlier_and_valid(label_map)
        self._image.add(energy_map, outlier, is_labelled)
        counts = self._image.take()
        if not np.isfinite(energy_map[is_labelled]).all():
            raise ValueError(
                'the energy of a labelled pixel is infinite: training diverged; use an earlier '
                'checkpoint'
            )
        self.pooled.add_sparse(counts)
        self.risk.add(counts.keys, counts.inlier)
        self.inlier_moments.add(energy_map[is_labelled & ~outlier][None])
