"""What lies beside what across the street: lanes, kerbs, pavements, verges, and their marks."""

from dataclasses import dataclass

import numpy as np

from hopfield_pebal_ros.contract.labels import CITYSCAPES

ROAD_ID = CITYSCAPES.id_of('road')
SIDEWALK_ID = CITYSCAPES.id_of('sidewalk')
TERRAIN_ID = CITYSCAPES.id_of('terrain')


@dataclass(frozen=True)
class Zone:
    """A strip of ground from `start_m` to `end_m` to the right of the ego lane's middle."""

    start_m: float
    end_m: float
    material: str
    label_id: int


@dataclass(frozen=True)
class Marking:
    """A painted line along the road; a gap of 0 makes it solid [m]."""

    u_m: float
    width_m: float
    dash_m: float = 0.0
    gap_m: float = 0.0
    is_yellow: bool = False


@dataclass(frozen=True, kw_only=True)
class CrossSection:
    """The street's profile; right-hand traffic, ego lane centred on u = 0.

    Attributes:
        style: 'city', 'suburb', 'avenue', 'country' or 'works'.
        lane_m: lane width.
        oncoming_u, same_u: middles of the other lanes.
        left_edge, right_edge: where the asphalt ends.
        parking: whether cars park along (left, right) edge, inside the asphalt.
        pavement: (start, end) distance from the asphalt's edge on (left, right); equal means none.
        building_line: distance from u = 0 at which buildings begin (left, right).
    """

    style: str
    lane_m: float
    oncoming_u: tuple[float, ...]
    same_u: tuple[float, ...]
    left_edge: float
    right_edge: float
    parking: tuple[bool, bool]
    pavement: tuple[tuple[float, float], tuple[float, float]]
    building_line: tuple[float, float]
    zones: tuple[Zone, ...]
    markings: tuple[Marking, ...]


def random_cross_section(rng: np.random.Generator) -> CrossSection:
    style = str(
        rng.choice(['city', 'suburb', 'avenue', 'country', 'works'], p=[0.38, 0.2, 0.2, 0.12, 0.1])
    )
    lane = float(rng.uniform(3.0, 3.7))
    same: tuple[float, ...] = (lane,) if style in ('avenue', 'city') and rng.random() < 0.2 else ()
    oncoming: tuple[float, ...] = (
        (-lane, -2 * lane) if style == 'avenue' and rng.random() < 0.3 else (-lane,)
    )
    if rng.random() < 0.12:
        oncoming = ()
    parks = 0.0 if style == 'country' else 0.6
    parking = bool(rng.random() < parks), bool(rng.random() < parks)
    bay = float(rng.uniform(2.1, 2.5))
    left = (min(oncoming) if oncoming else 0.0) - lane / 2 - bay * parking[0]
    right = (max(same) if same else 0.0) + lane / 2 + bay * parking[1]
    sides = [_side(rng, style) for _ in range(2)]
    zones = [Zone(left, right, 'asphalt', ROAD_ID)]
    for sign, edge, side in ((-1, left, sides[0]), (1, right, sides[1])):
        zones += [_outward(sign, edge, *piece) for piece in side.pieces]
    return CrossSection(
        style=style,
        lane_m=lane,
        oncoming_u=oncoming,
        same_u=same,
        left_edge=left,
        right_edge=right,
        parking=parking,
        pavement=(sides[0].pavement, sides[1].pavement),
        building_line=(-left + sides[0].depth, right + sides[1].depth),
        zones=tuple(zones),
        markings=_markings(rng, style, lane, oncoming, same, left, right, parking, bay),
    )


@dataclass(frozen=True)
class _Side:
    pieces: tuple[tuple[float, float, str, int], ...]
    pavement: tuple[float, float]
    depth: float


def _side(rng: np.random.Generator, style: str) -> _Side:
    """Strips from the asphalt outwards, and the distance at which buildings begin."""
    at = 0.0
    pieces: list[tuple[float, float, str, int]] = []

    def add(width: float, material: str, label_id: int) -> None:
        nonlocal at
        pieces.append((at, at + width, material, label_id))
        at += width

    if style != 'country' or rng.random() < 0.3:
        add(float(rng.uniform(0.12, 0.3)), 'kerb', SIDEWALK_ID)
    verge = {'city': 0.1, 'suburb': 0.5, 'avenue': 0.6, 'country': 0.8, 'works': 0.4}[style]
    if rng.random() < verge:
        add(float(rng.uniform(0.8, 2.5)), str(rng.choice(['grass', 'grass', 'soil'])), TERRAIN_ID)
    start = at
    if style != 'country' or rng.random() < 0.3:
        material = str(rng.choice(['slabs', 'slabs', 'cobbles', 'smooth']))
        add(float(rng.uniform(1.6, 4.2)), material, SIDEWALK_ID)
    pavement = (start, at)
    garden = {'city': 0.0, 'suburb': 4.0, 'avenue': 1.5, 'country': 8.0, 'works': 3.0}[style]
    add(garden * float(rng.uniform(0.6, 1.4)), 'grass', TERRAIN_ID)
    depth = at
    add(
        60.0,
        'slabs' if style == 'city' else 'grass',
        SIDEWALK_ID if style == 'city' else TERRAIN_ID,
    )
    return _Side(tuple(pieces), pavement, depth)


def _outward(
    sign: int, edge: float, start: float, end: float, material: str, label_id: int
) -> Zone:
    first, second = sorted((edge + sign * start, edge + sign * end))
    return Zone(first, second, material, label_id)


def _markings(
    rng: np.random.Generator,
    style: str,
    lane: float,
    oncoming: tuple[float, ...],
    same: tuple[float, ...],
    left: float,
    right: float,
    parking: tuple[bool, bool],
    bay: float,
) -> tuple[Marking, ...]:
    width = float(rng.uniform(0.1, 0.16))
    dash = float(rng.choice([2.0, 3.0, 4.0]))
    gap = dash * float(rng.choice([1.0, 2.0]))
    lines: list[Marking] = []
    if oncoming and rng.random() < 0.85:
        yellow = bool(rng.random() < 0.2)
        kind = str(rng.choice(['dashed', 'solid', 'double'], p=[0.6, 0.25, 0.15]))
        if kind == 'double':
            lines += [Marking(-lane / 2 + each, width, is_yellow=yellow) for each in (-0.13, 0.13)]
        else:
            cut = (dash, gap) if kind == 'dashed' else (0.0, 0.0)
            lines.append(Marking(-lane / 2, width, *cut, yellow))
    lines += [Marking(u - lane / 2, width, dash, gap) for u in same]
    lines += [Marking(u + lane / 2, width, dash, gap) for u in oncoming if u < -1.5 * lane]
    if rng.random() < (0.9 if style == 'country' else 0.4):
        lines.append(Marking(right - bay * parking[1] - 0.2, width))
        lines.append(Marking(left + bay * parking[0] + 0.2, width))
    if not lines and rng.random() < 0.6:
        lines.append(Marking(right - bay * parking[1] - 0.25, width, dash, gap))
    return tuple(lines)
