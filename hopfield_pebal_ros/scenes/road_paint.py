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
        wide, urban = section.right_edge - section.left_edge, section.style != 'country'
        found: list[Decal] = []

        def add(
            name: str, make: Callable[[np.random.Generator], ByteImage], place: tuple[float, ...]
        ) -> None:
            found.append(Decal(self._picture(name, make), *place))

        for _ in range(int(rng.poisson(2.5))):
            size, s = rng.uniform(0.7, 3), start_s + rng.uniform(0, length_m)
            u = rng.uniform(section.left_edge, section.right_edge - size)
            add(f'stain{rng.integers(2)}', stain, (s, u, size * 1.6, size))
        for _ in range(int(rng.poisson(1.6 * urban))):
            s, u = (
                start_s + rng.uniform(0, length_m),
                rng.uniform(section.left_edge + 1, section.right_edge - 1.6),
            )
            add('manhole', manhole, (s, u, 0.66, 0.66))
        for side, edge in ((0, section.left_edge), (1, section.right_edge)):
            if urban:
                add(
                    'gully',
                    gully,
                    (start_s + rng.uniform(0, length_m), edge + 0.02 - 0.44 * side, 0.4, 0.4),
                )
            if self._has_leaves:
                for _ in range(5):
                    s = start_s + rng.uniform(0, length_m)
                    add('leaves', fallen_leaves, (s, edge - 1 + rng.uniform(-0.7, 0.7), 3.0, 2.0))
        if urban and rng.random() < 0.2:
            bars = max(int(wide), 3)
            s = start_s + float(rng.uniform(5, length_m - 10))
            add(
                'crossing',
                lambda each: crossing(each, bars),
                (s, section.left_edge + 0.2, 3.2, wide - 0.4),
            )
            lane = section.lane_m
            add('stop', stop_line, (s - 1.6, -lane / 2 + 0.15, 0.4, lane - 0.3))
        if urban and rng.random() < 0.2:
            s = start_s + float(rng.uniform(0, length_m - 6))
            for u in (0.0, *section.same_u):
                add('arrow', arrow, (s, u - 0.5, 4.5, 1.0))
        return found

    def _picture(self, name: str, make: Callable[[np.random.Generator], ByteImage]) -> Picture:
        if name not in self._pictures:
            rng = np.random.default_rng((self._seed, 13, *name.encode()))
            self._pictures[name] = Picture(make(rng))
        return self._pictures[name]
