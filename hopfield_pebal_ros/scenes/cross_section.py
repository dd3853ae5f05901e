"""What lies beside what across the street: lanes, kerbs, pavements, verges, and their marks."""

from dataclasses import dataclass, replace

import numpy as np

from hopfield_pebal_ros.contract.labels import CITYSCAPES

ROAD_ID = CITYSCAPES.id_of('road')
SIDEWALK_ID = CITYSCAPES.id_of('sidewalk')
TERRAIN_ID = CITYSCAPES.id_of('terrain')

_STYLES = ('city', 'suburb', 'avenue', 'country', 'works')
_VERGES = {'city': 0.1, 'suburb': 0.5, 'avenue': 0.6, 'country': 0.8, 'works': 0.4}
_GARDENS_M = {'city': 0.0, 'suburb': 4.0, 'avenue': 1.5, 'country': 8.0, 'works': 3.0}


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
        bay_m: width of the parking bays.
        pavement: (start, end) distance from the asphalt's edge on (left, right); equal means none.
        building_line: distance from u = 0 at which buildings begin (left, right).
        zones: strips of ground that cover everything.
        markings: painted lines.
    """

    style: str
    lane_m: float
    oncoming_u: tuple[float, ...]
    same_u: tuple[float, ...]
    left_edge: float
    right_edge: float
    parking: tuple[bool, bool]
    bay_m: float
    pavement: tuple[tuple[float, float], tuple[float, float]]
    building_line: tuple[float, float]
    zones: tuple[Zone, ...]
    markings: tuple[Marking, ...] = ()


def random_cross_section(rng: np.random.Generator) -> CrossSection:
    """Draw lanes, parking, pavements and lines of a street."""
    style = str(rng.choice(_STYLES, p=[0.38, 0.2, 0.2, 0.12, 0.1]))
    lane = float(rng.uniform(3.0, 3.7))
    same: tuple[float, ...] = (lane,) if style in ('avenue', 'city') and rng.random() < 0.2 else ()
    oncoming: tuple[float, ...] = (-lane,)
    if style == 'avenue' and rng.random() < 0.3:
        oncoming = (-lane, -2 * lane)
    if rng.random() < 0.12:
        oncoming = ()
    parks = 0.0 if style == 'country' else 0.6
    parking = bool(rng.random() < parks), bool(rng.random() < parks)
    bay = float(rng.uniform(2.1, 2.5))
    left = min((0.0, *oncoming)) - lane / 2 - bay * parking[0]
    right = max((0.0, *same)) + lane / 2 + bay * parking[1]
    left_side, right_side = _side(rng, style), _side(rng, style)
    section = CrossSection(
        style=style,
        lane_m=lane,
        oncoming_u=oncoming,
        same_u=same,
        left_edge=left,
        right_edge=right,
        parking=parking,
        bay_m=bay,
        pavement=(left_side.pavement, right_side.pavement),
        building_line=(-left + left_side.depth, right + right_side.depth),
        zones=(
            Zone(left, right, 'asphalt', ROAD_ID),
            *(
                Zone(left - z.end_m, left - z.start_m, z.material, z.label_id)
                for z in left_side.zones
            ),
            *(
                Zone(right + z.start_m, right + z.end_m, z.material, z.label_id)
                for z in right_side.zones
            ),
        ),
    )
    return replace(section, markings=_markings(rng, section))


@dataclass(frozen=True)
class _Side:
    """One side of the street; distances are from the asphalt's edge outwards."""

    zones: tuple[Zone, ...]
    pavement: tuple[float, float]
    depth: float


def _side(rng: np.random.Generator, style: str) -> _Side:
    zones: list[Zone] = []

    def add(width: float, material: str, label_id: int) -> float:
        start = zones[-1].end_m if zones else 0.0
        zones.append(Zone(start, start + width, material, label_id))
        return start + width

    at = 0.0
    if style != 'country' or rng.random() < 0.3:
        at = add(float(rng.uniform(0.12, 0.3)), 'kerb', SIDEWALK_ID)
    if rng.random() < _VERGES[style]:
        at = add(
            float(rng.uniform(0.8, 2.5)), str(rng.choice(['grass', 'grass', 'soil'])), TERRAIN_ID
        )
    start = at
    if style != 'country' or rng.random() < 0.3:
        material = str(rng.choice(['slabs', 'slabs', 'cobbles', 'smooth']))
        at = add(float(rng.uniform(1.6, 4.2)), material, SIDEWALK_ID)
    pavement = start, at
    depth = add(_GARDENS_M[style] * float(rng.uniform(0.6, 1.4)), 'grass', TERRAIN_ID)
    if style == 'city':
        add(60.0, 'slabs', SIDEWALK_ID)
    else:
        add(60.0, 'grass', TERRAIN_ID)
    return _Side(tuple(zones), pavement, depth)


def _markings(rng: np.random.Generator, section: CrossSection) -> tuple[Marking, ...]:
    width = float(rng.uniform(0.1, 0.16))
    dash = float(rng.choice([2.0, 3.0, 4.0]))
    gap = dash * float(rng.choice([1.0, 2.0]))
    lane, left, right = section.lane_m, section.left_edge, section.right_edge
    inner_left = left + section.bay_m * section.parking[0]
    inner_right = right - section.bay_m * section.parking[1]
    lines: list[Marking] = []
    if section.oncoming_u and rng.random() < 0.85:
        is_yellow = bool(rng.random() < 0.2)
        kind = str(rng.choice(['dashed', 'solid', 'double'], p=[0.6, 0.25, 0.15]))
        for shift in (-0.13, 0.13) if kind == 'double' else (0.0,):
            cut = (dash, gap) if kind == 'dashed' else (0.0, 0.0)
            lines.append(Marking(-lane / 2 + shift, width, *cut, is_yellow))
    lines += [Marking(u - lane / 2, width, dash, gap) for u in section.same_u]
    lines += [
        Marking(u + lane / 2, width, dash, gap) for u in section.oncoming_u if u < -1.5 * lane
    ]
    if rng.random() < (0.9 if section.style == 'country' else 0.4):
        lines += [Marking(inner_right - 0.2, width), Marking(inner_left + 0.2, width)]
    if not lines and rng.random() < 0.6:
        lines.append(Marking(inner_right - 0.25, width, dash, gap))
    return tuple(lines)
