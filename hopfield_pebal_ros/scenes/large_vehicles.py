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
from hopfield_pebal_ros.scenes.vehicles import lifted, plate, right_side_seen, side_panel
from hopfield_pebal_ros.scenes.view import View
from hopfield_pebal_ros.scenes.wheels import wheels

FloatArray = npt.NDArray[np.float64]
_Color = tuple[float, float, float]

TRUCK_ID = CITYSCAPES.id_of('truck')
BUS_ID = CITYSCAPES.id_of('bus')


@dataclass(frozen=True)
class LargeVehicle:
    """A lorry or a bus; equal ones are equal values."""

    label_id: int
    size_m: tuple[float, float, float]
    paint_rgb: _Color
    second_rgb: _Color

    def draw(self, view: View, pose: Pose, light: LocalLight) -> list[Layer]:
        solid = _assembled(self, right_side_seen(view, pose))
        patch = draw_solid(view, solid, pose, light)
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
    length, width, height = vehicle.size_m
    tail, nose, half = -length / 2, length / 2, width / 2
    body = box((tail, -half, 0.32), (nose, half, height), vehicle.paint_rgb, gloss=0.45)
    parts = [
        plate(
            nose + 0.02,
            (-0.92 * half, 0.92 * half),
            (1.05, height - 0.45),
            GLASS_RGB,
            front=True,
            gloss=1,
        ),
        plate(
            nose + 0.02,
            (-0.8 * half, 0.8 * half),
            (height - 0.38, height - 0.12),
            (18, 18, 18),
            front=True,
        ),
        plate(
            nose + 0.03,
            (-0.5 * half, 0.4 * half),
            (height - 0.33, height - 0.17),
            (235, 160, 40),
            front=True,
            glow=0.7,
        ),
        plate(
            tail - 0.02,
            (-0.85 * half, 0.85 * half),
            (1.6, height - 0.35),
            GLASS_RGB,
            front=False,
            gloss=1,
        ),
        plate(tail - 0.02, (-0.3, 0.3), (0.6, 0.72), (220, 220, 210), front=False),
    ]
    parts += _lamps(vehicle, tail, nose, half)
    for side in (-1, 1):
        y = side * (half + 0.02)
        parts.append(
            side_panel(y, (tail + 0.1, nose - 0.1), (1.25, height - 0.4), GLASS_RGB, gloss=1)
        )
        parts.append(side_panel(y, (tail, nose), (0.32, 0.62), vehicle.second_rgb, gloss=0.3))
        count = int(length / 1.5)
        for index in range(1, count):
            place = tail + length * index / count
            parts.append(
                side_panel(
                    y * 1.004, (place - 0.05, place + 0.05), (1.2, height - 0.38), (16, 16, 17)
                )
            )
        for place in (0.36 * length, -0.05 * length):
            parts.append(
                side_panel(
                    y * 1.006,
                    (place - 0.6, place + 0.6),
                    (0.4, height - 0.4),
                    (40, 44, 48),
                    gloss=0.8,
                )
            )
            parts.append(
                side_panel(
                    y * 1.008, (place - 0.03, place + 0.03), (0.4, height - 0.4), (12, 12, 12)
                )
            )
    return body, join(parts)


def _lorry(vehicle: LargeVehicle) -> tuple[Faces, Faces]:
    length, width, height = vehicle.size_m
    tail, nose, half = -length / 2, length / 2, width / 2
    cab_end, cab_top = nose - 2.0, min(2.75, height - 0.15)
    chassis = box((tail, -0.35 * width, 0.5), (nose, 0.35 * width, 0.95), PLASTIC_RGB)
    cargo = box((tail, -half, 0.95), (cab_end - 0.25, half, height), vehicle.paint_rgb, gloss=0.15)
    cab = box(
        (cab_end, -0.96 * half, 0.45), (nose, 0.96 * half, cab_top), vehicle.second_rgb, gloss=0.5
    )
    parts = [
        plate(
            nose + 0.02,
            (-0.85 * half, 0.85 * half),
            (1.5, cab_top - 0.25),
            GLASS_RGB,
            front=True,
            gloss=1,
        ),
        plate(nose + 0.02, (-0.7 * half, 0.7 * half), (0.8, 1.35), (26, 26, 28), front=True),
        plate(nose + 0.03, (-0.26, 0.26), (0.55, 0.67), (222, 222, 212), front=True),
        plate(tail - 0.02, (-0.012, 0.012), (1.0, height - 0.05), (40, 40, 40), front=False),
        plate(tail - 0.02, (-half, half), (0.88, 1.02), (60, 60, 60), front=False),
        plate(tail - 0.02, (-0.9 * half, 0.9 * half), (0.42, 0.55), (90, 90, 92), front=False),
        plate(tail - 0.025, (-0.27, 0.27), (0.62, 0.74), (222, 222, 212), front=False),
    ]
    for place in (-0.6 * half, 0.6 * half):
        parts.append(
            plate(
                tail - 0.025,
                (place - 0.02, place + 0.02),
                (1.0, height - 0.1),
                (70, 70, 72),
                front=False,
            )
        )
    parts += _lamps(vehicle, tail, nose, half)
    for side in (-1, 1):
        y = side * (0.96 * half + 0.02)
        parts.append(
            side_panel(y, (cab_end + 0.75, nose - 0.15), (1.5, cab_top - 0.3), GLASS_RGB, gloss=1)
        )
        parts.append(
            side_panel(y, (cab_end + 0.6, cab_end + 0.62), (0.6, cab_top - 0.1), (20, 20, 20))
        )
        y = side * (half + 0.02)
        parts.append(side_panel(y, (tail + 0.3, cab_end - 0.6), (0.5, 0.85), (120, 120, 122)))
        low = 0.95 + 0.3 * (height - 0.95)
        parts.append(
            side_panel(y, (tail + 0.5, cab_end - 0.8), (low, low + 0.35), vehicle.second_rgb)
        )
    return join([chassis, cargo, cab]), join(parts)


def _lamps(vehicle: LargeVehicle, tail: float, nose: float, half: float) -> list[Faces]:
    del vehicle
    parts = []
    for side in (-1, 1):
        inner, outer = sorted((side * 0.7 * half, side * 0.92 * half))
        parts.append(plate(tail - 0.03, (inner, outer), (0.6, 0.86), (160, 22, 22), front=False))
        parts.append(plate(nose + 0.03, (inner, outer), (0.6, 0.82), (215, 218, 220), front=True))
    return parts
