"""Cars and vans: a lofted body with wheels, lamps, plates and seams."""

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from hopfield_pebal_ros.contract.labels import CITYSCAPES
from hopfield_pebal_ros.scenes.canvas import Layer
from hopfield_pebal_ros.scenes.car_bodies import GLASS_RGB, PLASTIC_RGB, PROFILES, car_body
from hopfield_pebal_ros.scenes.light import LocalLight
from hopfield_pebal_ros.scenes.meshes import Faces, Pose, box, draw_solid, join
from hopfield_pebal_ros.scenes.vehicle_parts import (
    lifted,
    number_plate,
    plate,
    ranked,
    right_side_seen,
    side_panel,
)
from hopfield_pebal_ros.scenes.view import View
from hopfield_pebal_ros.scenes.wheels import wheels

CAR_ID = CITYSCAPES.id_of('car')

_PAINTS = (
    (225, 225, 222), (235, 235, 232), (30, 31, 34), (22, 22, 25), (125, 128, 132),
    (168, 171, 174), (75, 78, 84), (135, 22, 26), (32, 52, 110), (45, 75, 130), (30, 70, 55),
    (190, 165, 120), (205, 90, 30), (110, 80, 60),
)  # fmt: skip

# span (part of half the width) and heights (parts of the height) of tail lamps
_REAR_LAMPS = (
    ((0.58, 0.85), (0.47, 0.56)),
    ((0.64, 0.85), (0.44, 0.6)),
    ((0.42, 0.86), (0.5, 0.57)),
)
_VAN_LAMP = ((0.7, 0.86), (0.28, 0.5))


@dataclass(frozen=True)
class Car:
    """One car; equal cars are equal values, so that their bodies are built once."""

    kind: str
    size_m: tuple[float, float, float]
    paint_rgb: tuple[float, float, float]
    rim: int
    lamp_style: int
    is_parked: bool

    def draw(self, view: View, pose: Pose, light: LocalLight) -> list[Layer]:
        scale = view.px_per_m(pose.s) * self.size_m[1]
        fineness = 2 if scale > 190 else 1 if scale > 45 else 0
        lamps_on = light.scene.is_night and not self.is_parked
        is_right_seen = right_side_seen(view, pose)
        solid = _assembled(self, fineness, is_right_seen=is_right_seen, lamps_on=lamps_on)
        patch = draw_solid(view, solid, pose, light=light)
        return [Layer(patch, CAR_ID)] if patch else []


@lru_cache(maxsize=512)
def _assembled(car: Car, fineness: int, *, is_right_seen: bool, lamps_on: bool) -> Faces:
    """Far wheels, body, details, near wheels, to be drawn in this order."""
    body = car_body(PROFILES[car.kind], car.size_m, np.asarray(car.paint_rgb), fineness=fineness)
    near, is_far = 1 if is_right_seen else -1, fineness == 0
    parts = [
        _raised(body, 1),
        ranked(wheels(car.size_m, side=-near, rim=car.rim, is_far=is_far), 0),
        ranked(_mirror(car, -near), 0),
        _raised(_details(car, lamps_on=lamps_on, is_far=is_far), 3),
        lifted(wheels(car.size_m, side=near, rim=car.rim, is_far=is_far), 5),
        ranked(_mirror(car, near), 6),
    ]
    return join(parts)


def _raised(solid: Faces, by: int) -> Faces:
    return replace(solid, rank=solid.rank + np.int8(by))


def random_car(rng: np.random.Generator, *, is_parked: bool = False) -> Car:
    kind = str(rng.choice(['hatchback', 'saloon', 'estate', 'van'], p=[0.36, 0.24, 0.28, 0.12]))
    length, width, height = {
        'hatchback': (4.1, 1.76, 1.48),
        'saloon': (4.7, 1.83, 1.45),
        'estate': (4.6, 1.84, 1.6),
        'van': (5.2, 1.98, 2.15),
    }[kind]
    size = (
        length * rng.uniform(0.92, 1.06),
        width * rng.uniform(0.97, 1.03),
        height * rng.uniform(0.95, 1.08),
    )
    paint = np.asarray(_PAINTS[int(rng.integers(len(_PAINTS)))]) * rng.uniform(0.85, 1.1)
    red, green, blue = np.clip(paint, 5, 240).tolist()
    return Car(
        kind, size, (red, green, blue), int(rng.integers(3)), int(rng.integers(3)), is_parked
    )


def _details(car: Car, *, lamps_on: bool, is_far: bool) -> Faces:
    """Lamps, plates, bumpers; seams and handles where they can be seen."""
    parts = _tail(car) + _nose(car)
    for side in (-1, 1):
        parts += _lamps(car, side, lamps_on=lamps_on)
        parts += [] if is_far else _side_seams(car, side)
    return join(parts)


def _tail(car: Car) -> list[Faces]:
    length, half, height = car.size_m[0], car.size_m[1] / 2, car.size_m[2]
    x = -length / 2 - 0.012
    bumper = plate(x, (-0.72 * half, 0.72 * half), (0.24, 0.3 * height), color=PLASTIC_RGB)
    parts = [
        bumper,
        *number_plate(x - 0.01, (0.33 if car.lamp_style else 0.45) * height, front=False),
    ]
    if car.kind == 'van':
        rows = (0.58 * height, 0.88 * height)
        for span in ((-0.74 * half, -0.06 * half), (0.06 * half, 0.74 * half)):
            parts.append(plate(x - 0.004, span, rows, color=GLASS_RGB, gloss=1))
        gap = (0.3 * height, 0.95 * height)
        parts.append(plate(x - 0.004, (-0.012, 0.012), gap, color=(30, 30, 30)))
    return parts


def _nose(car: Car) -> list[Faces]:
    length, half, height = car.size_m[0], car.size_m[1] / 2, car.size_m[2]
    x = length / 2 + 0.012
    lower, grille = (-0.62 * half, 0.62 * half), (-0.42 * half, 0.42 * half)
    return [
        plate(x, lower, (0.2, 0.28 * height), color=PLASTIC_RGB, front=True),
        plate(x, grille, (0.34 * height, 0.41 * height), color=(20, 20, 22), front=True),
        *number_plate(x + 0.01, 0.27 * height, front=True),
    ]


def _lamps(car: Car, side: int, *, lamps_on: bool) -> list[Faces]:
    length, half, height = car.size_m[0], side * car.size_m[1] / 2, car.size_m[2]
    glow = 0.95 if lamps_on else 0.0
    red = (255, 40, 30) if lamps_on else (158, 20, 22)
    white = (255, 250, 225) if lamps_on else (205, 210, 214)
    (inner, outer), (low, high) = _VAN_LAMP if car.kind == 'van' else _REAR_LAMPS[car.lamp_style]
    rear, rows = sorted((inner * half, outer * half)), (low * height, high * height)
    reverse = sorted((inner * half, (0.7 * inner + 0.3 * outer) * half))
    front, frame = sorted((0.44 * half, 0.72 * half)), sorted((0.42 * half, 0.74 * half))
    tail, nose = -length / 2 - 0.016, length / 2 + 0.012
    return [
        plate(tail, rear, rows, color=red, glow=glow),
        ranked(plate(tail - 0.004, reverse, rows, color=(196, 196, 196)), 1),
        plate(nose, frame, (0.35 * height, 0.44 * height), color=(40, 42, 46), front=True),
        ranked(
            plate(nose, front, (0.36 * height, 0.43 * height), color=white, front=True, glow=glow),
            1,
        ),
    ]


def _mirror(car: Car, side: int) -> Faces:
    length, width, height = car.size_m
    place, belt = (0.3 if car.kind == 'van' else 0.17) * length, 0.64 * height
    low, high = sorted((side * 0.93 * width / 2, side * (width / 2 + 0.13)))
    paint = np.asarray(car.paint_rgb) * 0.6
    return box((place, low, belt), (place + 0.1, high, belt + 0.13), paint)


def _side_seams(car: Car, side: int) -> list[Faces]:
    """Door gaps, handles and the sill."""
    length, width, height = car.size_m
    y = side * (width / 2 + 0.006)
    is_van = car.kind == 'van'
    belt = (0.54 if is_van else 0.61) * height
    doors = [(each - 0.5) * length for each in ((0.62, 0.8) if is_van else (0.24, 0.46, 0.7))]
    gap, handle = (0.24 * height, belt), (belt - 0.12, belt - 0.09)
    return [
        *(side_panel(y, (x - 0.006, x + 0.006), gap, color=(18, 18, 18)) for x in doors),
        *(side_panel(y, (x + 0.12, x + 0.29), handle, color=(25, 25, 25)) for x in doors[:-1]),
        side_panel(y * 0.97, (-0.2 * length, 0.22 * length), (0.2, 0.27), color=PLASTIC_RGB),
    ]
