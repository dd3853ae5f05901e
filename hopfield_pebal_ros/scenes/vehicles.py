"""Cars and vans: a lofted body with wheels, lamps, plates and seams."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.contract.labels import CITYSCAPES
from hopfield_pebal_ros.scenes.canvas import Layer
from hopfield_pebal_ros.scenes.car_bodies import GLASS_RGB, PLASTIC_RGB, PROFILES, car_body
from hopfield_pebal_ros.scenes.light import LocalLight
from hopfield_pebal_ros.scenes.meshes import Faces, Pose, box, draw_solid, faces, join
from hopfield_pebal_ros.scenes.view import View
from hopfield_pebal_ros.scenes.wheels import wheels

FloatArray = npt.NDArray[np.float64]

CAR_ID = CITYSCAPES.id_of('car')

_PAINTS = (
    (225, 225, 222), (235, 235, 232), (30, 31, 34), (22, 22, 25), (125, 128, 132),
    (168, 171, 174), (75, 78, 84), (135, 22, 26), (32, 52, 110), (45, 75, 130), (30, 70, 55),
    (190, 165, 120), (205, 90, 30), (110, 80, 60),
)  # fmt: skip


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
        solid = _assembled(self, fineness, right_side_seen(view, pose), lamps_on)
        patch = draw_solid(view, solid, pose, light)
        return [Layer(patch, CAR_ID)] if patch else []


def right_side_seen(view: View, pose: Pose) -> bool:
    """Whether the camera is on the object's right."""
    ahead, aside = pose.s - view.s_m, pose.u - view.u_m
    return bool(ahead * np.sin(pose.yaw) - aside * np.cos(pose.yaw) > 0)


@lru_cache(maxsize=512)
def _assembled(car: Car, fineness: int, is_right_seen: bool, lamps_on: bool) -> Faces:
    """Far wheels, body, details, near wheels, to be drawn in this order."""
    body = car_body(PROFILES[car.kind], car.size_m, np.asarray(car.paint_rgb), fineness=fineness)
    near, is_far = 1 if is_right_seen else -1, fineness == 0
    parts = [
        replace(body, rank=body.rank + np.int8(1)),
        _ranked(wheels(car.size_m, side=-near, rim=car.rim, is_far=is_far), 0),
        _ranked(_mirror(car, -near), 0),
        _ranked(_details(car, lamps_on, is_far=is_far), 3),
        lifted(wheels(car.size_m, side=near, rim=car.rim, is_far=is_far), 4),
        _ranked(_mirror(car, near), 4),
    ]
    return join(parts)


def lifted(solid: Faces, by: int) -> Faces:
    """Raise the ranks above 0, so that treads stay behind the body and rims before it."""
    return replace(solid, rank=(solid.rank + by * (solid.rank > 0)).astype(np.int8))


def _ranked(solid: Faces, rank: int) -> Faces:
    return replace(solid, rank=np.full(len(solid.rank), rank, np.int8))


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


def _details(car: Car, lamps_on: bool, *, is_far: bool) -> Faces:
    """Lamps, plates, bumpers, seams."""
    length, width, height = car.size_m
    tail, nose, half = -length / 2 - 0.012, length / 2 + 0.012, width / 2
    white_plate = (222, 222, 212)
    number = 0.33 * height if car.lamp_style else 0.45 * height
    parts = [
        plate(tail, (-0.72 * half, 0.72 * half), (0.24, 0.3 * height), PLASTIC_RGB, front=False),
        plate(tail - 0.01, (-0.27, 0.27), (number, number + 0.12), white_plate, front=False),
        plate(
            tail - 0.014,
            (-0.22, 0.22),
            (number + 0.035, number + 0.085),
            (60, 60, 64),
            front=False,
        ),
        plate(nose, (-0.62 * half, 0.62 * half), (0.2, 0.28 * height), PLASTIC_RGB, front=True),
        plate(
            nose,
            (-0.42 * half, 0.42 * half),
            (0.34 * height, 0.41 * height),
            (20, 20, 22),
            front=True,
        ),
        plate(
            nose + 0.01,
            (-0.26, 0.26),
            (0.27 * height, 0.27 * height + 0.12),
            white_plate,
            front=True,
        ),
        plate(
            nose + 0.014,
            (-0.21, 0.21),
            (0.27 * height + 0.035, 0.27 * height + 0.085),
            (60, 60, 64),
            front=True,
        ),
    ]
    for side in (-1, 1):
        parts += _lamps(car, tail, nose, side, lamps_on)
        parts += [] if is_far else _side_seams(car, side)
    if car.kind == 'van':
        low, high = 0.58 * height, 0.88 * height
        parts += [
            plate(tail - 0.004, span, (low, high), GLASS_RGB, front=False, gloss=1)
            for span in ((-0.74 * half, -0.06 * half), (0.06 * half, 0.74 * half))
        ]
        parts.append(
            plate(
                tail - 0.004,
                (-0.012, 0.012),
                (0.3 * height, 0.95 * height),
                (30, 30, 30),
                front=False,
            )
        )
    return join(parts)


def _lamps(car: Car, tail: float, nose: float, side: int, lamps_on: bool) -> list[Faces]:
    height, half = car.size_m[2], side * car.size_m[1] / 2
    glow = 0.95 if lamps_on else 0.0
    red = (255, 40, 30) if lamps_on else (158, 20, 22)
    white = (255, 250, 225) if lamps_on else (205, 210, 214)
    if car.kind == 'van':
        rear = (0.7, 0.86), (0.28, 0.5)
    else:
        rear = (
            ((0.58, 0.85), (0.47, 0.56)),
            ((0.64, 0.85), (0.44, 0.6)),
            ((0.42, 0.86), (0.5, 0.57)),
        )[car.lamp_style]
    (inner, outer), (low, high) = rear
    spans = sorted((inner * half, outer * half))
    split = sorted((inner * half, (0.7 * inner + 0.3 * outer) * half))
    front = sorted((0.43 * half, 0.73 * half))
    return [
        plate(tail - 0.004, spans, (low * height, high * height), red, front=False, glow=glow),
        plate(tail - 0.008, split, (low * height, high * height), (196, 196, 196), front=False),
        plate(nose, front, (0.36 * height, 0.43 * height), white, front=True, glow=glow),
    ]


def _mirror(car: Car, side: int) -> Faces:
    length, width, height = car.size_m
    place, belt = 0.17 * length if car.kind != 'van' else 0.3 * length, 0.64 * height
    low, high = sorted((side * 0.93 * width / 2, side * (width / 2 + 0.13)))
    return box(
        (place, low, belt), (place + 0.1, high, belt + 0.13), np.asarray(car.paint_rgb) * 0.6
    )


def plate(
    x: float,
    across: Sequence[float],
    heights: Sequence[float],
    color: npt.ArrayLike,
    *,
    front: bool,
    glow: float = 0.0,
    gloss: float = 0.25,
) -> Faces:
    """An upright rectangle across the vehicle, facing forward or back."""
    (left, right), (low, high) = across, heights
    quad = np.array([[x, left, low], [x, left, high], [x, right, high], [x, right, low]])
    return faces(quad[::-1] if front else quad, color, glow=glow, gloss=gloss)


def side_panel(
    y: float,
    along: Sequence[float],
    heights: Sequence[float],
    color: npt.ArrayLike,
    *,
    gloss: float = 0.0,
) -> Faces:
    """An upright rectangle along the vehicle; it faces away from its middle."""
    (start, end), (low, high) = along, heights
    quad = np.array([[start, y, low], [start, y, high], [end, y, high], [end, y, low]])
    return faces(quad if y > 0 else quad[::-1], color, gloss=gloss)


def _side_seams(car: Car, side: int) -> list[Faces]:
    """Door gaps, handles and the sill."""
    length, width, height = car.size_m
    y = side * (width / 2 + 0.006)
    is_van = car.kind == 'van'
    belt = (0.54 if is_van else 0.61) * height
    doors = [(each - 0.5) * length for each in ((0.62, 0.8) if is_van else (0.24, 0.46, 0.7))]
    parts = [
        side_panel(y, (x - 0.006, x + 0.006), (0.24 * height, belt), (18, 18, 18)) for x in doors
    ]
    parts += [
        side_panel(y, (x + 0.12, x + 0.29), (belt - 0.12, belt - 0.09), (25, 25, 25))
        for x in doors[:-1]
    ]
    parts.append(side_panel(y * 0.97, (-0.2 * length, 0.22 * length), (0.2, 0.27), PLASTIC_RGB))
    return parts
