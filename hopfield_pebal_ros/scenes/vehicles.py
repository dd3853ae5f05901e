"""Cars and vans: a lofted body with wheels, lamps, plates and seams."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.contract.labels import CITYSCAPES
from hopfield_pebal_ros.scenes.canvas import Layer
from hopfield_pebal_ros.scenes.car_bodies import PLASTIC_RGB, PROFILES, car_body
from hopfield_pebal_ros.scenes.light import LocalLight
from hopfield_pebal_ros.scenes.meshes import Faces, Pose, faces, fill, shaded_polygons
from hopfield_pebal_ros.scenes.view import View

FloatArray = npt.NDArray[np.float64]

CAR_ID = CITYSCAPES.id_of('car')

_PAINTS = (
    (225, 225, 222), (235, 235, 232), (30, 31, 34), (22, 22, 25), (125, 128, 132), (168, 171, 174), (75, 78, 84),
    (135, 22, 26), (32, 52, 110), (45, 75, 130), (30, 70, 55), (190, 165, 120), (205, 90, 30), (110, 80, 60),
)  # fmt: skip


@dataclass(frozen=True)
class Car:
    """One car; equal cars are equal values, so that their bodies are built once."""

    kind: str
    size_m: tuple[float, float, float]
    paint_rgb: tuple[float, float, float]
    rim: int
    is_parked: bool

    def draw(self, view: View, pose: Pose, light: LocalLight) -> list[Layer]:
        scale = view.px_per_m(pose.s) * self.size_m[1]
        fineness = 3 if scale > 160 else 2 if scale > 60 else 1
        body = _body(self.kind, self.size_m, self.paint_rgb, fineness)
        ahead, aside = pose.s - view.s_m, pose.u - view.u_m
        right_seen = -aside * np.cos(pose.yaw) + ahead * np.sin(pose.yaw) > 0
        near, far = (1, -1) if right_seen else (-1, 1)
        layers = [shaded_polygons(view, wheels(self.size_m, far, self.rim), pose, light)]
        layers.append(shaded_polygons(view, body, pose, light))
        if scale > 14:
            layers.append(shaded_polygons(view, self._details(light), pose, light))
        layers.append(shaded_polygons(view, wheels(self.size_m, near, self.rim), pose, light))
        patch = fill(layers)
        return [Layer(patch, CAR_ID)] if patch else []

    def _details(self, light: LocalLight) -> Faces:
        lamps_on = light.scene.is_night and not self.is_parked
        return _details(self.kind, self.size_m, self.paint_rgb, lamps_on)


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
    return Car(kind, size, (red, green, blue), int(rng.integers(3)), is_parked)


@lru_cache(maxsize=256)
def _body(
    kind: str, size_m: tuple[float, float, float], paint: tuple[float, float, float], fineness: int
) -> Faces:
    return car_body(PROFILES[kind], size_m, np.asarray(paint), fineness=fineness)


@lru_cache(maxsize=256)
def wheels(size_m: tuple[float, float, float], side: int, rim: int, radius: float = 0.33) -> Faces:
    """Arches, tyres and rims of one side (1 right, -1 left)."""
    length, width, _ = size_m
    outer = side * (width / 2 + 0.005)
    parts: list[Faces] = []
    for place in (-0.31 * length, 0.325 * length):
        parts += [
            _disc(place, outer - side * 0.02, radius, radius + 0.06, (14, 14, 15), side),
            _tread(place, outer, radius, side),
            _disc(place, outer, radius, radius, (26, 26, 27), side),
            _disc(
                place,
                outer + side * 0.004,
                radius,
                radius * 0.66,
                (128 + 20 * rim, 130 + 20 * rim, 134 + 20 * rim),
                side,
            ),
            *_spokes(place, outer + side * 0.008, radius, side, rim),
        ]
    return sum(parts[1:], parts[0])


def _disc(
    x: float, y: float, height: float, radius: float, color: npt.ArrayLike, side: int
) -> Faces:
    angle = np.linspace(0, 2 * np.pi, 17)
    rim = np.stack(
        [x + radius * np.cos(angle), np.full(17, y), height + radius * np.sin(angle)], axis=1
    )
    rim[:, 2] = np.maximum(rim[:, 2], 0.0)
    center = np.broadcast_to((x, y, height), (16, 3))
    quads = np.stack([center, rim[:-1], rim[1:], rim[1:]], axis=1)
    return faces(quads[:, ::-1] if side > 0 else quads, color, gloss=0.1)


def _tread(x: float, y: float, radius: float, side: int) -> Faces:
    angle = np.linspace(0, 2 * np.pi, 13)
    outer = np.stack(
        [x + radius * np.cos(angle), np.full(13, y), radius + radius * np.sin(angle)], axis=1
    )
    inner = outer - (0, side * 0.2, 0)
    quads = np.stack([outer[:-1], outer[1:], inner[1:], inner[:-1]], axis=1)
    return faces(quads if side > 0 else quads[:, ::-1], (20, 20, 21))


def _spokes(x: float, y: float, radius: float, side: int, rim: int) -> list[Faces]:
    """Dark gaps between the spokes of a rim."""
    count = 5 + 2 * rim
    parts = []
    for index in range(count):
        angle = 2 * np.pi * (index + np.array([0.22, 0.78, 0.66, 0.34])) / count
        reach = radius * np.array([0.58, 0.58, 0.22, 0.22])
        quad = np.stack(
            [x + reach * np.cos(angle), np.full(4, y), radius + reach * np.sin(angle)], axis=1
        )
        parts.append(faces(quad[::-1] if side > 0 else quad, (44, 44, 46)))
    return parts


@lru_cache(maxsize=256)
def _details(
    kind: str,
    size_m: tuple[float, float, float],
    paint: tuple[float, float, float],
    lamps_on: bool,
) -> Faces:
    length, width, height = size_m
    tail, nose, half = -length / 2 - 0.012, length / 2 + 0.012, width / 2
    glow = 0.95 if lamps_on else 0.0
    tall = kind == 'van'
    lamp_low, lamp_high = (0.3, 0.5) if tall else (0.42, 0.56)
    low, high = lamp_low * height, lamp_high * height
    red = (255, 40, 30) if lamps_on else (150, 18, 20)
    white = (255, 250, 225) if lamps_on else (205, 210, 214)
    parts = [
        plate(
            tail, -0.62 * half, 0.62 * half, 0.2 * height, 0.3 * height, PLASTIC_RGB, front=False
        ),
        plate(
            tail - 0.01,
            -0.27,
            0.27,
            0.36 * height,
            0.36 * height + 0.12,
            (222, 222, 212),
            front=False,
        ),
        plate(
            tail - 0.012,
            -0.22,
            0.22,
            0.36 * height + 0.035,
            0.36 * height + 0.085,
            (60, 60, 64),
            front=False,
        ),
        plate(
            nose, -0.6 * half, 0.6 * half, 0.16 * height, 0.27 * height, PLASTIC_RGB, front=True
        ),
        plate(
            nose + 0.01,
            -0.26,
            0.26,
            0.27 * height,
            0.27 * height + 0.12,
            (222, 222, 212),
            front=True,
        ),
        plate(
            nose, -0.42 * half, 0.42 * half, 0.35 * height, 0.41 * height, (20, 20, 22), front=True
        ),
    ]
    for side in (-1, 1):
        inner, outer = sorted((side * 0.56 * half, side * 0.84 * half))
        parts.append(plate(tail - 0.004, inner, outer, low, high, red, front=False, glow=glow))
        inner, outer = sorted((side * 0.45 * half, side * 0.72 * half))
        parts.append(
            plate(nose, inner, outer, 0.36 * height, 0.43 * height, white, front=True, glow=glow)
        )
        parts += _side_seams(kind, size_m, side)
    if tall:
        parts.append(
            plate(
                tail - 0.004,
                -0.72 * half,
                -0.06 * half,
                0.6 * height,
                0.88 * height,
                (26, 30, 34),
                front=False,
                gloss=1,
            )
        )
        parts.append(
            plate(
                tail - 0.004,
                0.06 * half,
                0.72 * half,
                0.6 * height,
                0.88 * height,
                (26, 30, 34),
                front=False,
                gloss=1,
            )
        )
        parts.append(
            plate(
                tail - 0.004, -0.012, 0.012, 0.3 * height, 0.95 * height, (30, 30, 30), front=False
            )
        )
    del paint
    return sum(parts[1:], parts[0])


def plate(
    x: float,
    left: float,
    right: float,
    low: float,
    high: float,
    color: npt.ArrayLike,
    *,
    front: bool,
    glow: float = 0.0,
    gloss: float = 0.25,
) -> Faces:
    """An upright rectangle across the vehicle, facing forward or back."""
    quad = np.array([[x, left, low], [x, left, high], [x, right, high], [x, right, low]])
    return faces(quad[::-1] if front else quad, color, glow=glow, gloss=gloss)


def side_panel(
    y: float,
    start: float,
    end: float,
    low: float,
    high: float,
    color: npt.ArrayLike,
    *,
    gloss: float = 0.0,
) -> Faces:
    """An upright rectangle along the vehicle; it faces away from its middle."""
    quad = np.array([[start, y, low], [start, y, high], [end, y, high], [end, y, low]])
    return faces(quad if y > 0 else quad[::-1], color, gloss=gloss)


def _side_seams(kind: str, size_m: tuple[float, float, float], side: int) -> list[Faces]:
    """Door gaps, handles, the sill and the mirror."""
    length, width, height = size_m
    y = side * (width / 2 + 0.006)
    belt = (0.55 if kind == 'van' else 0.63) * height
    doors = (0.62, 0.8) if kind == 'van' else (0.24, 0.46, 0.7)
    parts = [
        side_panel(
            y,
            (place - 0.5) * length - 0.006,
            (place - 0.5) * length + 0.006,
            0.2 * height,
            belt,
            (18, 18, 18),
        )
        for place in doors
    ]
    for place in doors[:-1]:
        start = (place - 0.5) * length + 0.12
        parts.append(side_panel(y, start, start + 0.17, belt - 0.12, belt - 0.09, (25, 25, 25)))
    parts.append(
        side_panel(
            y * 0.97, -0.2 * length, 0.22 * length, 0.13 * height, 0.2 * height, PLASTIC_RGB
        )
    )
    return parts
