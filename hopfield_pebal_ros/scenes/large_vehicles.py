"""Lorries and buses: boxes with cabs, window bands, stripes and many wheels."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.contract.labels import CITYSCAPES
from hopfield_pebal_ros.scenes.canvas import Layer
from hopfield_pebal_ros.scenes.car_bodies import GLASS_RGB, PLASTIC_RGB
from hopfield_pebal_ros.scenes.light import LocalLight
from hopfield_pebal_ros.scenes.meshes import Faces, Pose, box, draw_solid, join
from hopfield_pebal_ros.scenes.vehicle_parts import (
    lifted,
    number_plate,
    plate,
    right_side_seen,
    side_panel,
)
from hopfield_pebal_ros.scenes.view import View
from hopfield_pebal_ros.scenes.wheels import wheels

FloatArray = npt.NDArray[np.float64]
_Color = tuple[float, float, float]

TRUCK_ID = CITYSCAPES.id_of('truck')
BUS_ID = CITYSCAPES.id_of('bus')

_CAB_M = 2.0


@dataclass(frozen=True)
class LargeVehicle:
    """A lorry or a bus; equal ones are equal values."""

    label_id: int
    size_m: tuple[float, float, float]
    paint_rgb: _Color
    second_rgb: _Color

    def draw(self, view: View, pose: Pose, light: LocalLight) -> list[Layer]:
        solid = _assembled(self, right_side_seen(view, pose))
        patch = draw_solid(view, solid, pose, light=light)
        return [Layer(patch, self.label_id)] if patch else []


@lru_cache(maxsize=64)
def _assembled(vehicle: LargeVehicle, is_right_seen: bool) -> Faces:
    """Far wheels, body, details, near wheels, to be drawn in this order."""
    body, details = _bus(vehicle) if vehicle.label_id == BUS_ID else _lorry(vehicle)
    length, width, height = vehicle.size_m
    base, side = (length * 0.92, width, height), 1 if is_right_seen else -1
    far, near = (wheels(base, side=each, rim=0, radius_m=0.48) for each in (-side, side))
    solid = join([far, body, details], ranks=[0, 1, 2])
    return join([solid, lifted(near, 2)])


def random_lorry(rng: np.random.Generator) -> LargeVehicle:
    size = float(rng.uniform(6.5, 10)), float(rng.uniform(2.3, 2.5)), float(rng.uniform(3.0, 3.8))
    cargo = _color(rng) if rng.random() < 0.5 else _grey(rng)
    return LargeVehicle(TRUCK_ID, size, cargo, _color(rng))


def random_bus(rng: np.random.Generator) -> LargeVehicle:
    size = float(rng.uniform(10, 12.5)), 2.5, float(rng.uniform(2.95, 3.3))
    return LargeVehicle(
        BUS_ID, size, _color(rng), _color(rng) if rng.random() < 0.5 else _grey(rng)
    )


def _color(rng: np.random.Generator) -> _Color:
    options = (
        (190, 30, 30),
        (225, 190, 40),
        (235, 235, 230),
        (30, 70, 140),
        (40, 110, 70),
        (225, 110, 30),
        (60, 130, 170),
    )
    red, green, blue = np.clip(
        np.asarray(options[int(rng.integers(7))]) * rng.uniform(0.85, 1.05), 0, 245
    ).tolist()
    return red, green, blue


def _grey(rng: np.random.Generator) -> _Color:
    tone = float(rng.uniform(150, 235))
    return tone, tone, tone


def _bus(vehicle: LargeVehicle) -> tuple[Faces, Faces]:
    """Body, and what is drawn over it."""
    length, width, height = vehicle.size_m
    tail, nose, half = -length / 2, length / 2, width / 2
    body = box((tail, -half, 0.32), (nose, half, height), vehicle.paint_rgb, gloss=0.45)
    across = (-0.5 * half, 0.4 * half)
    sign, board = (height - 0.33, height - 0.17), (height - 0.38, height - 0.12)
    wide = (-0.92 * half, 0.92 * half)
    parts = [
        plate(nose + 0.02, wide, (1.05, height - 0.45), color=GLASS_RGB, front=True, gloss=1),
        plate(nose + 0.02, wide, board, color=(18, 18, 18), front=True),
        plate(nose + 0.03, across, sign, color=(235, 160, 40), front=True, glow=0.7),
        plate(tail - 0.02, wide, (1.6, height - 0.35), color=GLASS_RGB, gloss=1),
        *number_plate(tail - 0.02, 0.6, front=False),
        *_lamps(vehicle),
        *_bus_side(vehicle, -1),
        *_bus_side(vehicle, 1),
    ]
    return body, join(parts)


def _bus_side(vehicle: LargeVehicle, side: int) -> list[Faces]:
    """Window band, stripe, posts and doors."""
    length, width, height = vehicle.size_m
    y, tail, nose = side * (width / 2 + 0.02), -length / 2, length / 2
    band, post, door = (1.25, height - 0.4), (1.2, height - 0.38), (0.4, height - 0.4)
    parts = [
        side_panel(y, (tail + 0.1, nose - 0.1), band, color=GLASS_RGB, gloss=1),
        side_panel(y, (tail, nose), (0.32, 0.62), color=vehicle.second_rgb, gloss=0.3),
    ]
    for x in np.linspace(tail, nose, int(length / 1.5) + 1)[1:-1]:
        parts.append(side_panel(y * 1.004, (x - 0.05, x + 0.05), post, color=(16, 16, 17)))
    for x in (0.36 * length, -0.05 * length):
        parts.append(
            side_panel(y * 1.006, (x - 0.6, x + 0.6), door, color=(40, 44, 48), gloss=0.8)
        )
        parts.append(side_panel(y * 1.008, (x - 0.03, x + 0.03), door, color=(12, 12, 12)))
    return parts


def _lorry(vehicle: LargeVehicle) -> tuple[Faces, Faces]:
    """Chassis, load and cab, and what is drawn over them."""
    length, width, height = vehicle.size_m
    tail, nose, half = -length / 2, length / 2, width / 2
    cab_end, cab_top = nose - _CAB_M, min(2.75, height - 0.15)
    chassis = box((tail, -0.35 * width, 0.5), (nose, 0.35 * width, 0.95), PLASTIC_RGB)
    load = box((tail, -half, 0.95), (cab_end - 0.25, half, height), vehicle.paint_rgb, gloss=0.15)
    low, high = (cab_end, -0.96 * half, 0.45), (nose, 0.96 * half, cab_top)
    cab = box(low, high, vehicle.second_rgb, gloss=0.5)
    pane, grille = (-0.85 * half, 0.85 * half), (-0.6 * half, 0.6 * half)
    parts = [
        plate(nose + 0.02, pane, (1.5, cab_top - 0.25), color=GLASS_RGB, front=True, gloss=1),
        plate(nose + 0.02, grille, (0.85, 1.25), color=(34, 34, 36), front=True),
        *number_plate(nose + 0.03, 0.55, front=True),
        *_lorry_tail(vehicle),
        *_lamps(vehicle),
        *_lorry_side(vehicle, -1),
        *_lorry_side(vehicle, 1),
    ]
    return join([chassis, load, cab]), join(parts)


def _lorry_tail(vehicle: LargeVehicle) -> list[Faces]:
    """Doors with bars, ledge, bumper, number plate."""
    length, half, height = vehicle.size_m[0], vehicle.size_m[1] / 2, vehicle.size_m[2]
    x, doors = -length / 2 - 0.02, (1.0, height - 0.1)
    parts = [
        plate(x, (-half, half), (0.88, 1.02), color=(60, 60, 60)),
        plate(x, (-0.9 * half, 0.9 * half), (0.42, 0.55), color=(90, 90, 92)),
        *number_plate(x - 0.005, 0.62, front=False),
    ]
    for place, width, tone in ((0.0, 0.012, 40), (-0.6 * half, 0.02, 70), (0.6 * half, 0.02, 70)):
        parts.append(plate(x - 0.005, (place - width, place + width), doors, color=(tone,) * 3))
    return parts


def _lorry_side(vehicle: LargeVehicle, side: int) -> list[Faces]:
    """Cab window and door, side guard, a stripe along the load."""
    length, half, height = vehicle.size_m[0], vehicle.size_m[1] / 2, vehicle.size_m[2]
    tail, nose = -length / 2, length / 2
    cab_end, cab_top = nose - _CAB_M, min(2.75, height - 0.15)
    cab_y, y = side * (0.96 * half + 0.02), side * (half + 0.02)
    window = (cab_end + 0.75, nose - 0.15)
    seam = (cab_end + 0.6, cab_end + 0.62)
    low = 0.95 + 0.3 * (height - 0.95)
    stripe = (tail + 0.5, cab_end - 0.8)
    return [
        side_panel(cab_y, window, (1.5, cab_top - 0.3), color=GLASS_RGB, gloss=1),
        side_panel(cab_y, seam, (0.6, cab_top - 0.1), color=(20, 20, 20)),
        side_panel(y, (tail + 0.3, cab_end - 0.6), (0.5, 0.85), color=(120, 120, 122)),
        side_panel(y, stripe, (low, low + 0.35), color=vehicle.second_rgb),
    ]


def _lamps(vehicle: LargeVehicle) -> list[Faces]:
    length, half = vehicle.size_m[0], vehicle.size_m[1] / 2
    parts = []
    for side in (-1, 1):
        span = sorted((side * 0.7 * half, side * 0.92 * half))
        parts.append(plate(-length / 2 - 0.03, span, (0.6, 0.86), color=(160, 22, 22)))
        white = (215, 218, 220)
        parts.append(plate(length / 2 + 0.03, span, (0.6, 0.82), color=white, front=True))
    return parts
