"""Car bodies as lofts: a side profile swept over a rounded width."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.scenes.meshes import Faces, box, faces, join

FloatArray = npt.NDArray[np.float64]

GLASS_RGB = (26.0, 30.0, 34.0)
PLASTIC_RGB = (38.0, 38.0, 40.0)


@dataclass(frozen=True)
class Profile:
    """Side view in parts of length and height, from the tail (0) to the nose (1).

    Attributes:
        stations: (N,) places along the car.
        belt: (N,) height of the shoulder line.
        roof: (N,) height of the upper outline; equal to the belt over bonnet and boot.
        glass: (start, end) of the side windows along the car.
        rear_glass, wind_screen: (start, end) of the sloping panes along the car.
        pillars: places of the side pillars.
    """

    stations: tuple[float, ...]
    belt: tuple[float, ...]
    roof: tuple[float, ...]
    glass: tuple[float, float]
    rear_glass: tuple[float, float]
    wind_screen: tuple[float, float]
    pillars: tuple[float, ...]


PROFILES = {
    'hatchback': Profile(
        (0.0, 0.03, 0.06, 0.14, 0.25, 0.45, 0.57, 0.66, 0.74, 0.85, 0.95, 1.0),
        (0.58, 0.64, 0.65, 0.65, 0.65, 0.64, 0.63, 0.62, 0.61, 0.57, 0.5, 0.42),
        (0.6, 0.68, 0.74, 0.93, 0.985, 1.0, 0.97, 0.83, 0.67, 0.625, 0.55, 0.45),
        (0.1, 0.7),
        (0.045, 0.14),
        (0.57, 0.74),
        (0.3, 0.46),
    ),
    'saloon': Profile(
        (0.0, 0.03, 0.1, 0.18, 0.3, 0.38, 0.5, 0.57, 0.65, 0.73, 0.87, 0.96, 1.0),
        (0.55, 0.62, 0.65, 0.65, 0.65, 0.64, 0.63, 0.63, 0.62, 0.61, 0.57, 0.5, 0.42),
        (0.57, 0.67, 0.7, 0.72, 0.95, 1.0, 0.99, 0.95, 0.82, 0.66, 0.62, 0.54, 0.44),
        (0.2, 0.69),
        (0.17, 0.3),
        (0.57, 0.73),
        (0.34, 0.48),
    ),
    'estate': Profile(
        (0.0, 0.02, 0.05, 0.1, 0.25, 0.45, 0.57, 0.65, 0.73, 0.86, 0.96, 1.0),
        (0.58, 0.64, 0.65, 0.65, 0.65, 0.64, 0.63, 0.62, 0.61, 0.57, 0.5, 0.42),
        (0.6, 0.7, 0.8, 0.95, 0.99, 1.0, 0.97, 0.83, 0.66, 0.62, 0.54, 0.44),
        (0.06, 0.69),
        (0.03, 0.1),
        (0.57, 0.73),
        (0.24, 0.46),
    ),
    'van': Profile(
        (0.0, 0.02, 0.05, 0.3, 0.6, 0.72, 0.8, 0.88, 0.93, 0.98, 1.0),
        (0.5, 0.55, 0.55, 0.55, 0.55, 0.54, 0.53, 0.52, 0.5, 0.44, 0.36),
        (0.9, 0.97, 0.99, 1.0, 1.0, 0.98, 0.85, 0.66, 0.57, 0.5, 0.4),
        (0.62, 0.84),
        (0.0, 0.0),
        (0.72, 0.88),
        (0.64,),
    ),
}

_FINE_SIDE = (
    (0.0, 0.9, 0.985),
    (0.2, 0.975, 1.0),
    (0.55, 1.0, 1.0),
    (0.85, 0.985, 0.985),
    (1.0, 0.93, 0.965),
)
_COARSE_SIDE = ((0.0, 0.92, 0.99), (0.5, 1.0, 1.0), (1.0, 0.94, 0.97))
"""Bends of the side: height (0 sill .. 1 belt), width and length (parts of the car's)."""


def car_body(
    profile: Profile, size_m: tuple[float, float, float], color: FloatArray, *, fineness: int
) -> Faces:
    """Loft a body of (length, width, height); the ground lies at 0, the car's middle at 0, 0.

    Args:
        profile: the side view.
        size_m: length, width, height.
        color: (3,) paint 0..255.
        fineness: 0 for far away; otherwise cuts between two stations.
    """
    side = _FINE_SIDE if fineness else _COARSE_SIDE
    stations = _refined(profile, fineness) if fineness else np.asarray(profile.stations)
    rings = _rings(profile, stations, size_m, side)
    corners, colors, gloss = [], [], []
    middle = (stations[:-1] + stations[1:]) / 2
    for band in range(rings.shape[1] - 1):
        lower, upper = rings[:, band], rings[:, band + 1]
        corners.append(np.stack([lower[:-1], upper[:-1], upper[1:], lower[1:]], axis=1))
        is_glass = _is_glass(profile, middle, height=band - len(side))
        colors.append(np.where(is_glass[:, None], GLASS_RGB, color))
        gloss.append(np.where(is_glass, 1.0, 0.55))
    right = np.concatenate(corners)
    left = right[:, ::-1] * (1, -1, 1)
    paint, coat = np.concatenate(colors), np.concatenate(gloss)
    sides = replace(
        faces(np.concatenate([right, left]), np.concatenate([paint, paint])),
        gloss=np.concatenate([coat, coat]),
    )
    length, width, height = size_m
    reach = 0.46 * length, 0.4 * width
    under = box((-reach[0], -reach[1], 0.17), (reach[0], reach[1], 0.3 * height), (12, 12, 13))
    tail, nose = _cap(rings[0], color, is_tail=True), _cap(rings[-1], color, is_tail=False)
    return join([under, sides, tail, nose], ranks=[0, 1, 1, 1])


def _refined(profile: Profile, fineness: int) -> FloatArray:
    places = np.union1d(
        profile.stations, [each + side for each in profile.pillars for side in (-0.012, 0.012)]
    )
    places = np.union1d(places, profile.glass)
    steps = np.linspace(0, 1, fineness, endpoint=False)
    fine = (places[:-1, None] + np.diff(places)[:, None] * steps).ravel()
    return np.append(fine, places[-1])


def _rings(
    profile: Profile,
    stations: FloatArray,
    size_m: tuple[float, float, float],
    side: tuple[tuple[float, float, float], ...],
) -> FloatArray:
    """(N, P, 3) points of the right half of each section, from sill to the roof's middle."""
    length, width, height = size_m
    belt = np.interp(stations, profile.stations, profile.belt) * height
    roof = np.maximum(np.interp(stations, profile.stations, profile.roof) * height, belt + 0.02)
    sill = np.interp(stations, (0, 0.05, 0.95, 1), (0.3, 0.22, 0.22, 0.26))
    # seen from above the corners of nose and tail are round
    plan = np.interp(stations, (0, 0.02, 0.1, 0.85, 0.95, 1), (0.88, 0.95, 1, 1, 0.93, 0.76))
    plan = plan * width / 2
    cabin = np.clip((roof - belt) / (0.33 * height), 0, 1)
    x = (stations - 0.5) * length
    points = [
        np.stack([x * long, plan * wide, sill + (belt - sill) * share], axis=1)
        for share, wide, long in side
    ]
    inset, long = 0.93 - 0.2 * cabin, side[-1][2]
    points.append(np.stack([x * long, plan * inset * 0.97, roof - 0.04 * height], axis=1))
    points.append(np.stack([x * long, plan * inset * 0.82, roof - 0.008 * height], axis=1))
    points.append(np.stack([x * long, plan * 0, roof], axis=1))
    return np.stack(points, axis=1)


def _is_glass(profile: Profile, middle: FloatArray, *, height: int) -> npt.NDArray[np.bool_]:
    """Tell which faces at `middle` of a band are panes; band -1 stands on the belt line."""
    if height == -1:
        pane = (middle > profile.glass[0]) & (middle < profile.glass[1])
        for pillar in profile.pillars:
            pane &= np.abs(middle - pillar) > 0.012
        return np.asarray(pane)
    if height > 0:
        low, high = profile.wind_screen
        pane = (middle > low + 0.01) & (middle < high - 0.005)
        low, high = profile.rear_glass
        return np.asarray(pane | ((middle > low) & (middle < high - 0.01)))
    return np.zeros(len(middle), bool)


def _cap(ring: FloatArray, color: FloatArray, *, is_tail: bool) -> Faces:
    """Close the tail or the nose between the right half of a ring and its mirror image."""
    mirror = ring * (1, -1, 1)
    quads = np.stack([mirror[:-1], mirror[1:], ring[1:], ring[:-1]], axis=1)
    return faces(quads if is_tail else quads[:, ::-1], color, gloss=0.5)
