"""Places for the labels of points in a plot, so that none covers another: geometry in pixels."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from matplotlib.path import Path
from matplotlib.transforms import Bbox

_DISTANCES: Final = (1.0, 1.5, 2.0, 3.0, 4.5, 6.0, 8.0, 10.0)
"""Of a label from its point, in sizes of a mark."""
_ANGLES_DEG: Final = (0, 180, 30, -30, 150, -150, 60, -60, 120, -120)
_SWEEPS: Final = 3

_COVERS: Final = 100.0
_CROSSES: Final = 10.0
_TOUCHES: Final = 6.0
"""What is bad about a place, in sizes of a mark that a label would rather be away."""

Pixels = npt.NDArray[np.float64]
"""(x, y)."""


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What labels keep clear of."""

    frame: Bbox
    """Where they stay inside."""
    obstacles: Sequence[Bbox]
    """Beside points and other labels."""
    mark_size: float
    """Width of a point's mark."""


def label_places(
    points: Sequence[Pixels], sizes: Sequence[Pixels], around: Surroundings
) -> list[Bbox]:
    """Return a box for the label of each point, chosen in turn until all suit each other.

    Args:
        points: what is labelled.
        sizes: width and height of each label.
        around: what they keep clear of.
    """
    candidates = [
        list(_candidates(point, size, around.mark_size))
        for point, size in zip(points, sizes, strict=True)
    ]
    places = [each[0] for each in candidates]
    for _ in range(_SWEEPS):
        for index, choices in enumerate(candidates):
            labels = places[:index] + places[index + 1 :]
            others = [*points[:index], *points[index + 1 :]]
            costs = [_cost(each, points[index], labels, others, around) for each in choices]
            places[index] = choices[int(np.argmin(costs))]
    return places


def nearest(place: Bbox, point: Pixels) -> Pixels:
    """Return where in a box the line from its point ends."""
    return np.clip(point, place.p0, place.p1)


def mark(point: Pixels, size: float) -> Bbox:
    """Return the box of a mark."""
    return Bbox([point - size / 2, point + size / 2])


def _cost(
    place: Bbox,
    point: Pixels,
    labels: Sequence[Bbox],
    others: Sequence[Pixels],
    around: Surroundings,
) -> float:
    """Return how bad a place is for the label of a point among other labels and points."""
    end = nearest(place, point)
    line, size = Path([point, end]), around.mark_size
    marks = [mark(each, size) for each in others]
    # right beside another mark a label would seem to be that one's
    beside = [mark(each, 2 * size) for each in others]
    is_outside = not (around.frame.contains(*place.p0) and around.frame.contains(*place.p1))
    covered = sum(place.overlaps(each) for each in (*labels, *marks, mark(point, size)))
    crossed = sum(line.intersects_bbox(each) for each in (*labels, *marks))
    touched = sum(place.overlaps(each) for each in (*beside, *around.obstacles))
    middle = np.array([end[0], (place.y0 + place.y1) / 2])  # level with its point is best
    distance = float(np.hypot(*(middle - point))) / size
    return _COVERS * (is_outside + covered) + _CROSSES * crossed + _TOUCHES * touched + distance


def _candidates(point: Pixels, size: Pixels, mark_size: float) -> Iterator[Bbox]:
    """Yield boxes around a point, the nearest first."""
    for distance in _DISTANCES:
        for angle in np.deg2rad(_ANGLES_DEG):
            toward = np.array([np.cos(angle), np.sin(angle)]).round(6)
            corner = point + distance * mark_size * toward - size * (1 - np.sign(toward)) / 2
            yield Bbox([corner, corner + size])
