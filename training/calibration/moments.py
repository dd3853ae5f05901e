"""Mean and standard deviation of any number of values, a batch at a time, in float64."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass
class Moments:
    """Count, mean and sum of squared differences from the mean, of each component.

    Chan et al. 1983, "Algorithms for computing the sample variance", the pairwise update: stable
    where the mean is far from 0, unlike sums of squares.
    """

    mean: npt.NDArray[np.float64]
    """(C,)."""
    squares: npt.NDArray[np.float64]
    """(C,) sum of (value - mean)^2."""
    count: int = 0

    @classmethod
    def none(cls, num_components: int) -> 'Moments':
        return cls(np.zeros(num_components), np.zeros(num_components))

    def add(self, values: npt.NDArray[np.floating]) -> None:
        """Take in (C, P) float values; P may be 0."""
        added = values.shape[1]
        if added == 0:
            return
        mean = values.mean(axis=1, dtype=np.float64)
        squares = np.square(values - mean[:, None]).sum(axis=1)
        total = self.count + added
        shift = mean - self.mean
        self.squares = self.squares + squares + shift**2 * (self.count * added / total)
        self.mean = self.mean + shift * (added / total)
        self.count = total

    def standard_deviation(self) -> npt.NDArray[np.float64]:
        """Return (C,) that of the values themselves, divided by their count; 0 for none."""
        return np.sqrt(self.squares / max(self.count, 1))
