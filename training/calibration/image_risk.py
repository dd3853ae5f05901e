"""Conformal risk control over images: thresholds that hold for the next image, not the last."""

import math
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.evaluation.score_keys import NUM_KEYS
from training.calibration.energy_tail import tail_of


def images_needed(rate: float) -> int:
    """Return the fewest images that can guarantee a false-positive rate: n >= 1 / rate - 1.

    Raises:
        ValueError: the rate is not between 0 and 1.
    """
    if not 0 < rate < 1:
        raise ValueError(f'a false-positive rate must be between 0 and 1, got {rate}')
    return math.ceil(1 / rate - 1e-9) - 1


@dataclass
class ImageRisk:
    """Sum over images of the share of their inlier pixels above each energy.

    Angelopoulos et al. 2024, "Conformal Risk Control", theorem 1. The loss of an image at the
    threshold t is the share of its inlier pixels with energy > t, at most B = 1 and falling in t.
    The sum of the losses is all that the bound needs, so memory does not grow with the images.
    """

    num_images: int = 0
    shares: npt.NDArray[np.float64] = field(default_factory=lambda: np.zeros(NUM_KEYS))
    """(NUM_KEYS,) sum over images of the share of the image's inlier pixels with that key."""

    def add(self, keys: npt.NDArray[np.integer], inlier: npt.NDArray[np.int64]) -> None:
        """Count one image; one without inlier pixels has no loss and takes no part.

        Args:
            keys: (N,) occupied keys of its energies, each once.
            inlier: (N,) its inlier pixels with each key.
        """
        total = int(inlier.sum())
        if total:
            self.num_images += 1
            self.shares[keys] += inlier / total

    def threshold(self, rate: float) -> float | None:
        """Return the smallest t with n/(n+1) mean risk(t) + 1/(n+1) <= rate.

        If the images were drawn alike and independently, or are at least exchangeable, the
        expected share of false positives in one more such image is at most `rate`.

        Returns:
            The threshold in the unit of the energies; None where no t can do it, for n images
            are fewer than `images_needed(rate)`.
        """
        if self.num_images < images_needed(rate):
            return None
        budget = rate * (self.num_images + 1) - 1
        return tail_of(self.shares).lowest_threshold(most_above=max(budget, 0.0))
