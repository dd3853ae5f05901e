"""Which flat things lie on a block of road, and where."""

from collections.abc import Callable

import numpy as np

from hopfield_pebal_ros.scenes.cross_section import CrossSection
from hopfield_pebal_ros.scenes.decals import (
    Decal,
    arrow,
    crossing,
    fallen_leaves,
    gully,
    manhole,
    stain,
    stop_line,
)
from hopfield_pebal_ros.scenes.quads import Picture
from hopfield_pebal_ros.scenes.textures import ByteImage


class RoadPaint:
    """Decals of one drive; pictures are made once, places follow from the block's generator."""

    def __init__(self, seed: int, section: CrossSection) -> None:
        self._seed = seed
        self._section = section
        self._pictures: dict[str, Picture] = {}
        self._has_leaves = bool(np.random.default_rng((seed, 11)).random() < 0.25)

    def block(self, index: int, start_s: float, length_m: float) -> list[Decal]:
        """Decals on `length_m` of road from `start_s`."""
        rng, section = np.random.default_rng((self._seed, 12, index + 1000)), self._section
        found = self._dirt(rng, start_s, length_m)
        if section.style == 'country':
            return found
        found += self._covers(rng, start_s, length_m)
        if rng.random() < 0.2:
            found += self._crossing(rng, start_s + float(rng.uniform(5, length_m - 10)))
        if rng.random() < 0.2:
            s = start_s + float(rng.uniform(0, length_m - 6))
            picture = self._picture('arrow', arrow)
            found += [Decal(picture, s, u - 0.5, 4.5, 1.0) for u in (0.0, *section.same_u)]
        return found

    def _dirt(self, rng: np.random.Generator, start_s: float, length_m: float) -> list[Decal]:
        """Stains anywhere, in autumn leaves along the kerbs."""
        left, right, found = self._section.left_edge, self._section.right_edge, []
        for _ in range(int(rng.poisson(2.5))):
            size, s = float(rng.uniform(0.7, 3)), start_s + float(rng.uniform(0, length_m))
            picture = self._picture(f'stain{rng.integers(2)}', stain)
            found.append(
                Decal(picture, s, float(rng.uniform(left, right - size)), 1.6 * size, size)
            )
        for edge in (left, right) if self._has_leaves else ():
            for s, u in rng.uniform(
                (start_s, edge - 1.7), (start_s + length_m, edge - 0.3), (5, 2)
            ):
                found.append(Decal(self._picture('leaves', fallen_leaves), s, u, 3.0, 2.0))
        return found

    def _covers(self, rng: np.random.Generator, start_s: float, length_m: float) -> list[Decal]:
        """Manholes in the road, gullies at the kerbs."""
        left, right = self._section.left_edge, self._section.right_edge
        count = int(rng.poisson(1.6))
        places = rng.uniform((start_s, left + 1), (start_s + length_m, right - 1.6), (count, 2))
        found = [Decal(self._picture('manhole', manhole), s, u, 0.66, 0.66) for s, u in places]
        for u in (left + 0.02, right - 0.42):
            s = start_s + float(rng.uniform(0, length_m))
            found.append(Decal(self._picture('gully', gully), s, u, 0.4, 0.4))
        return found

    def _crossing(self, rng: np.random.Generator, s: float) -> list[Decal]:
        """Zebra bars over the whole road and the stop line before them."""
        left, wide = self._section.left_edge, self._section.right_edge - self._section.left_edge
        lane, bars = self._section.lane_m, max(int(wide), 3)
        zebra = self._picture('crossing', lambda each: crossing(each, bars))
        line = self._picture('stop', stop_line)
        return [
            Decal(zebra, s, left + 0.2, float(rng.uniform(2.8, 4)), wide - 0.4),
            Decal(line, s - 1.6, 0.15 - lane / 2, 0.4, lane - 0.3),
        ]

    def _picture(self, name: str, make: Callable[[np.random.Generator], ByteImage]) -> Picture:
        if name not in self._pictures:
            rng = np.random.default_rng((self._seed, 13, *name.encode()))
            self._pictures[name] = Picture(make(rng))
        return self._pictures[name]
