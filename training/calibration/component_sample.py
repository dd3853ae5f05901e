"""Few pixels of many composites with all their energies: what fusion weights are fitted on."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.evaluation.ground_truth import outlier_and_valid
from training.calibration.moments import Moments


class ComponentSample:
    """Inlier statistics of each energy, and a class-balanced, seeded sample of pixels."""

    def __init__(self, components: tuple[str, ...], *, seed: int, pixels_per_image: int) -> None:
        """Start empty.

        Args:
            components: names of the energies.
            seed: of the choice of pixels; the choice in the n-th image depends on (seed, n).
            pixels_per_image: at most so many inlier pixels, and as many outlier pixels.
        """
        self.components = components
        self.inlier_moments = Moments.none(len(components))
        self._seed = seed
        self._pixels_per_image = pixels_per_image
        self._num_images = 0
        self._energies: list[npt.NDArray[np.float32]] = []
        self._is_outlier: list[npt.NDArray[np.bool_]] = []

    def add(
        self,
        energy_maps: Mapping[str, npt.NDArray[np.float32]],
        label_map: npt.NDArray[np.uint8],
    ) -> None:
        """Take in one composite.

        Args:
            energy_maps: component -> (h, w) float32, higher is more anomalous.
            label_map: (h, w) uint8 ids, `OUTLIER_ID`, `IGNORE_ID`.

        Raises:
            KeyError: an energy is missing.
        """
        maps = np.stack([energy_maps[name].ravel() for name in self.components])
        outlier, is_labelled = outlier_and_valid(label_map.ravel())
        inlier = is_labelled & ~outlier
        self.inlier_moments.add(maps[:, inlier])
        rng = np.random.default_rng((self._seed, self._num_images))
        self._num_images += 1
        for kind, is_outlier in ((inlier, False), (outlier, True)):
            places = np.flatnonzero(kind)
            count = min(len(places), self._pixels_per_image)
            chosen = rng.choice(places, count, replace=False)
            self._energies.append(maps[:, chosen].T)
            self._is_outlier.append(np.full(count, is_outlier))

    def energies(self) -> npt.NDArray[np.float32]:
        """Return those of the sampled pixels, (P, C)."""
        return np.concatenate([np.empty((0, len(self.components)), np.float32), *self._energies])

    def is_outlier(self) -> npt.NDArray[np.bool_]:
        """Return which of the sampled pixels are outliers, (P,)."""
        return np.concatenate([np.empty(0, np.bool_), *self._is_outlier])
