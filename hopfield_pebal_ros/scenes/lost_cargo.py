"""Where outliers lie: up to four on each 100 m of street, on the road and beside it."""

import math

import numpy as np

from hopfield_pebal_ros.scenes.cross_section import CrossSection
from hopfield_pebal_ros.scenes.items import Item, Standing
from hopfield_pebal_ros.scenes.meshes import Pose
from hopfield_pebal_ros.scenes.outliers import random_outlier

STRETCH_M = 100.0
_FIRST_INSTANCE = 61000
_FIRST_M = 8.0


class LostCargo:
    """The outliers of a drive; a drive without any has none anywhere."""

    def __init__(self, seed: int, section: CrossSection) -> None:
        self._seed = seed
        self._section = section
        self._count = int(
            np.random.default_rng((seed, 9)).choice(5, p=[0.08, 0.24, 0.28, 0.22, 0.18])
        )
        self._stretches: dict[int, list[Item]] = {}

    def items(self, ego_s: float) -> list[Item]:
        """Outliers between the camera and 200 m ahead."""
        first, last = math.floor(ego_s / STRETCH_M), math.floor((ego_s + 200) / STRETCH_M)
        return [item for index in range(first, last + 1) for item in self._stretch(index)]

    def _stretch(self, index: int) -> list[Item]:
        if index not in self._stretches:
            rng = np.random.default_rng((self._seed, 10, index + 1000))
            self._stretches[index] = [
                self._place(rng, index, number) for number in range(self._count)
            ]
        return self._stretches[index]

    def _place(self, rng: np.random.Generator, index: int, number: int) -> Item:
        """The first of each stretch is near its beginning, so that one is seen large."""
        reach = 22.0 if number == 0 else STRETCH_M - _FIRST_M
        s = index * STRETCH_M + _FIRST_M + float(rng.uniform(0, reach))
        outlier = random_outlier(
            rng, height_m=float(np.exp(rng.uniform(math.log(0.3), math.log(1.8))))
        )
        section = self._section
        if rng.random() < 0.7:
            u = float(rng.uniform(section.left_edge + 1, section.right_edge - 1))
        else:
            side = int(rng.integers(2))
            edge, sign = (section.left_edge, -1) if side == 0 else (section.right_edge, 1)
            u = edge + sign * float(rng.uniform(0.3, max(section.pavement[side][1], 2.5)))
        pose = Pose(s, u, float(rng.uniform(0, 2 * math.pi)))
        return Standing(
            outlier,
            pose,
            outlier.size_m,
            _FIRST_INSTANCE + (4 * index + number) % 4000,
            contact=0.75,
            visible_to_m=110.0,
        )
