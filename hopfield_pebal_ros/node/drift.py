"""Does the inlier energy of a camera still lie where the model was calibrated? No ROS."""

import math
import threading
import time
from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.contract.metadata import Calibration

TIME_CONSTANT_S: Final = 60.0
"""A minute of street tells more of weather and camera than of the single scene."""

_EVERY_PX: Final = 8


class EnergyDrift:
    """Slow mean of the energies that are not above the threshold, against the calibration's.

    Args:
        calibration: of the model file.
        clock: seconds of a clock that does not jump.
    """

    def __init__(
        self, calibration: Calibration, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._calibration = calibration
        self._clock = clock
        self._lock = threading.Lock()
        self.reset()

    def reset(self) -> None:
        with self._lock:
            self._mean = math.nan
            self._started_s = self._last_s = self._clock()

    def add(self, energy_map: npt.NDArray[np.float32], threshold: float) -> None:
        """Take the energies of one frame, (h, w) float32; NaN is left out."""
        sample = energy_map[::_EVERY_PX, ::_EVERY_PX]
        inliers = sample[sample <= threshold]
        if not inliers.size:
            return
        mean = float(inliers.mean(dtype=np.float64))
        with self._lock:
            now_s = self._clock()
            if math.isnan(self._mean):
                self._mean = mean
            else:
                # in the first minute the plain mean, later an exponential one
                span_s = min(max(now_s - self._started_s, 1e-3), TIME_CONSTANT_S)
                share = min(1.0, (now_s - self._last_s) / span_s)
                self._mean += share * (mean - self._mean)
            self._last_s = now_s

    def mean(self) -> float:
        """Return the slow mean in the unit of the energy; NaN before the first frame."""
        with self._lock:
            return self._mean

    def deviations(self) -> float:
        """Return how far the mean is from the calibration's, in its standard deviations.

        NaN before the first frame, and for a model whose file says nothing of inlier energies.
        """
        if not self._calibration.fitted_on:
            return math.nan
        difference = self.mean() - self._calibration.inlier_mean
        return difference / self._calibration.inlier_standard_deviation
