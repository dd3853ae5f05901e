"""What moves: vehicles, cyclists, people on the pavement; closed-form in time."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from hopfield_pebal_ros.scenes.cross_section import CrossSection
from hopfield_pebal_ros.scenes.items import Glow, Item, Standing
from hopfield_pebal_ros.scenes.large_vehicles import LargeVehicle, random_bus, random_lorry
from hopfield_pebal_ros.scenes.meshes import Pose
from hopfield_pebal_ros.scenes.people import random_person
from hopfield_pebal_ros.scenes.two_wheelers import random_two_wheeler
from hopfield_pebal_ros.scenes.vehicles import Car, random_car

_FIRST_INSTANCE = 30001
_INSTANCES_PER_STREAM = 3000


@dataclass(frozen=True)
class _Stream:
    """Members on one line, about `gap_m` apart, all at one speed (negative comes closer).

    Attributes:
        kind: 'vehicle', 'cycle' or 'walker'.
        density: share of places that are taken.
        spread_m: how far members keep from the line `u`.
    """

    kind: str
    u: float
    speed_mps: float
    gap_m: float
    density: float
    spread_m: float


class Traffic:
    """All streams of a drive."""

    def __init__(self, seed: int, section: CrossSection, ego_speed_mps: float) -> None:
        self._seed = seed
        rng = np.random.default_rng((seed, 5))
        busy = float(rng.uniform(0.1, 0.9))
        speed = ego_speed_mps
        streams = [
            _Stream('vehicle', u, -speed * rng.uniform(0.8, 1.2), 16, busy * 0.8, 0.2)
            for u in section.oncoming_u
        ]
        streams += [
            _Stream('vehicle', u, speed * rng.uniform(0.85, 1.15), 16, busy * 0.7, 0.2)
            for u in section.same_u
        ]
        kerb = section.right_edge - 2.4 * section.parking[1] - 0.6
        if rng.random() < 0.5 and kerb > 1.3:
            streams.append(_Stream('cycle', kerb, rng.uniform(4, 6), 22, 0.5, 0.15))
        for sign, edge, (start, end) in zip(
            (-1, 1), (section.left_edge, section.right_edge), section.pavement, strict=True
        ):
            walkers = float(rng.uniform(0.05, 0.7))
            if end - start > 1.2:
                middle, spread = edge + sign * (start + end) / 2, (end - start) / 2 - 0.4
                streams += [
                    _Stream('walker', middle, pace, 8, walkers * 0.6, spread)
                    for pace in (rng.uniform(1, 1.6), -rng.uniform(1, 1.6))
                ]
        self._streams = tuple(streams)
        self._leader_gap_m = float(rng.uniform(12, 45)) if rng.random() < 0.5 else None
        self._ego_speed_mps = ego_speed_mps

    def items(self, time_s: float, ego_s: float, *, reach_m: float = 140.0) -> list[Item]:
        """Everything that moves between the camera and `reach_m` ahead of it."""
        found: list[Item] = []
        for number, stream in enumerate(self._streams):
            moved = stream.speed_mps * time_s
            reach = reach_m if stream.kind == 'vehicle' else 65.0
            first = math.floor((ego_s - 10 - moved) / stream.gap_m)
            last = math.ceil((ego_s + reach - moved) / stream.gap_m)
            for index in range(first, last + 1):
                member = self._member(number, stream, index, time_s)
                if member is not None:
                    found.append(member)
        if self._leader_gap_m is not None:
            found.append(self._leader(time_s, ego_s + self._leader_gap_m))
        return found

    def _member(self, number: int, stream: _Stream, index: int, time_s: float) -> Standing | None:
        rng = np.random.default_rng((self._seed, 6, number, index + 100000))
        if rng.random() > stream.density:
            return None
        s = (index + float(rng.uniform(0, 0.25))) * stream.gap_m + stream.speed_mps * time_s
        u = stream.u + float(rng.uniform(-1, 1)) * stream.spread_m
        yaw = 0.0 if stream.speed_mps > 0 else math.pi
        instance = _FIRST_INSTANCE + number * _INSTANCES_PER_STREAM + 2 * (index % 1499)
        if stream.kind == 'vehicle':
            return _vehicle(rng, Pose(s, u, yaw), instance)
        if stream.kind == 'cycle':
            machine = random_two_wheeler(
                rng, is_motorcycle=bool(rng.random() < 0.3), is_ridden=True
            )
            pose = Pose(s, u, yaw, float(rng.uniform(0, 6)) - 6 * time_s)
            return Standing(machine, pose, (1.6, 0.5, 1.6), instance, contact=0.5, visible_to_m=90)
        person = random_person(rng, is_walking=True)
        phase = float(rng.uniform(0, 6)) + 2 * math.pi * abs(stream.speed_mps) / 1.45 * time_s
        size = 0.4, 0.45, person.figure.height_m
        return Standing(person, Pose(s, u, yaw, phase), size, instance, visible_to_m=65)

    def _leader(self, time_s: float, s: float) -> Standing:
        """The vehicle ahead in the ego lane; it keeps its distance, more or less."""
        rng = np.random.default_rng((self._seed, 7))
        sway = 2.5 * math.sin(0.25 * time_s + float(rng.uniform(0, 6)))
        pose = Pose(s + sway, float(rng.uniform(-0.3, 0.3)), 0.0)
        return _vehicle(rng, pose, _FIRST_INSTANCE - 2)


def _vehicle(rng: np.random.Generator, pose: Pose, instance: int) -> Standing:
    kind = str(rng.choice(['car', 'lorry', 'bus', 'motorcycle'], p=[0.84, 0.06, 0.05, 0.05]))
    if kind == 'motorcycle':
        machine = random_two_wheeler(rng, is_motorcycle=True, is_ridden=True)
        return Standing(machine, pose, (1.9, 0.5, 1.5), instance, contact=0.5)
    makers: dict[str, Callable[[np.random.Generator], Car | LargeVehicle]]
    makers = {'car': random_car, 'lorry': random_lorry, 'bus': random_bus}
    model = makers[kind](rng)
    return Standing(
        model, pose, model.size_m, instance, contact=0.85, glows=_headlights(model.size_m)
    )


def _headlights(size_m: tuple[float, float, float]) -> tuple[Glow, ...]:
    length, width, _ = size_m
    front = [(length / 2, side * 0.3 * width, 0.65) for side in (-1, 1)]
    rear = [(-length / 2, side * 0.36 * width, 0.8) for side in (-1, 1)]
    return (
        *(Glow(place, 0.9, (255.0, 246.0, 220.0), is_forward=True) for place in front),
        *(Glow(place, 0.4, (200.0, 30.0, 24.0), is_forward=False) for place in rear),
    )
