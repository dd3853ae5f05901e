"""Lamps, poles, traffic signs and traffic lights."""

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.contract.labels import CITYSCAPES
from hopfield_pebal_ros.scenes.canvas import Layer
from hopfield_pebal_ros.scenes.capsules import Rows, capsules, draw_capsules
from hopfield_pebal_ros.scenes.light import LocalLight
from hopfield_pebal_ros.scenes.meshes import Faces, Pose, box, draw_solid, faces, join
from hopfield_pebal_ros.scenes.vehicles import plate
from hopfield_pebal_ros.scenes.view import View

FloatArray = npt.NDArray[np.float64]

POLE_ID = CITYSCAPES.id_of('pole')
SIGN_ID = CITYSCAPES.id_of('traffic sign')
TRAFFIC_LIGHT_ID = CITYSCAPES.id_of('traffic light')

_STEEL = (128.0, 132.0, 134.0)
_Color = tuple[float, float, float]


@dataclass(frozen=True)
class Lamp:
    """A street lamp whose arm reaches `arm_m` over the road (positive to the right)."""

    height_m: float
    arm_m: float
    color: _Color = _STEEL

    def draw(self, view: View, pose: Pose, light: LocalLight) -> list[Layer]:
        top, arm = self.height_m, self.arm_m
        head = (255.0, 232.0, 190.0) if light.scene.is_night else (150.0, 152.0, 152.0)
        rows: Rows = [
            ((0, 0, 0), (0, 0, 1.0), 0.1, 0.1, self.color),
            ((0, 0, 0.9), (0, 0, top - 0.3), 0.075, 0.05, self.color),
            ((0, 0, top - 0.4), (0, 0.3 * arm, top), 0.05, 0.045, self.color),
            ((0, 0.3 * arm, top), (0, arm, top + 0.05), 0.045, 0.04, self.color),
            ((0, arm, top), (0, arm * 1.3, top), 0.09, 0.1, head),
        ]
        patch = draw_capsules(view, capsules(rows), pose, _self_lit(light))
        return [Layer(patch, POLE_ID)] if patch else []


@dataclass(frozen=True)
class Post:
    """A plain pole: bollard, flag pole, wire mast."""

    height_m: float
    radius_m: float
    color: _Color

    def draw(self, view: View, pose: Pose, light: LocalLight) -> list[Layer]:
        rows = [
            ((0, 0, 0), (0, 0, self.height_m), self.radius_m, self.radius_m * 0.85, self.color)
        ]
        patch = draw_capsules(view, capsules([rows[0]]), pose, light)
        return [Layer(patch, POLE_ID)] if patch else []


@dataclass(frozen=True)
class Sign:
    """A traffic sign on a pole; the plate faces the camera."""

    shape: str
    size_m: float
    height_m: float
    color: _Color
    symbol: int

    def draw(self, view: View, pose: Pose, light: LocalLight) -> list[Layer]:
        post = Post(self.height_m, 0.035, _STEEL).draw(view, pose, light)
        patch = draw_solid(view, _sign_plates(self), pose, light)
        return [*post, Layer(patch, SIGN_ID)] if patch else post

    def plates(self) -> list[Faces]:
        """Rim, face and symbol, from back to front."""
        center, radius = self.height_m - self.size_m / 2, self.size_m / 2
        white, red, black = (228, 228, 224), (190, 28, 32), (25, 25, 25)
        if self.shape == 'round':
            rim = red if self.symbol % 3 else self.color
            plates = [_polygon(-0.04, center, radius, 20, rim)]
            if self.symbol % 3:
                plates.append(_polygon(-0.045, center, radius * 0.76, 20, white))
            ink = black if self.symbol % 3 else white
            return [*plates, _bar(center, radius * 0.5, radius * 0.22, ink)]
        if self.shape == 'triangle':
            return [
                _polygon(-0.04, center, radius * 1.15, 3, red),
                _polygon(-0.045, center, radius * 0.72, 3, white),
                _bar(center, radius * 0.08, radius * 0.3, black),
            ]
        wide = radius * (1.0 if self.symbol % 2 else 1.9)
        plates = [
            plate(-0.04, (-wide, wide), (center - radius, center + radius), white, front=False)
        ]
        plates.append(
            plate(
                -0.045,
                (-wide * 0.93, wide * 0.93),
                (center - radius * 0.93, center + radius * 0.93),
                self.color,
                front=False,
            )
        )
        for row in range(1 + self.symbol % 3):
            height = center + radius * (0.45 - 0.45 * row)
            plates.append(
                plate(
                    -0.05,
                    (-wide * 0.7, wide * (0.6 - 0.2 * row)),
                    (height - 0.1 * radius, height + 0.1 * radius),
                    white,
                    front=False,
                )
            )
        return plates


@dataclass(frozen=True)
class TrafficLight:
    """Three lamps in a dark box on a pole; `lit` 0 red, 1 amber, 2 green."""

    height_m: float
    lit: int

    def draw(self, view: View, pose: Pose, light: LocalLight) -> list[Layer]:
        layers = Post(self.height_m, 0.06, (90.0, 94.0, 96.0)).draw(view, pose, light)
        patch = draw_solid(view, _lamp_box(self), pose, light)
        return [*layers, Layer(patch, TRAFFIC_LIGHT_ID)] if patch else layers


@lru_cache(maxsize=256)
def _sign_plates(sign: Sign) -> Faces:
    parts = sign.plates()
    return join(parts, ranks=list(range(len(parts))))


@lru_cache(maxsize=64)
def _lamp_box(light: TrafficLight) -> Faces:
    top = light.height_m
    parts = [box((-0.2, -0.17, top - 0.95), (-0.02, 0.17, top), (26, 28, 28))]
    for index, color in enumerate(((255, 50, 40), (255, 180, 50), (70, 240, 140))):
        is_lit = index == light.lit
        shade = np.asarray(color) * (1.0 if is_lit else 0.2)
        glow = 1.0 if is_lit else 0.2
        parts.append(_polygon(-0.21, top - 0.17 - 0.3 * index, 0.11, 14, shade, glow=glow))
    return join(parts, ranks=[0, 1, 1, 1])


def random_sign(rng: np.random.Generator) -> Sign:
    shape = str(rng.choice(['round', 'triangle', 'square'], p=[0.4, 0.25, 0.35]))
    color = ((28, 70, 150), (28, 70, 150), (30, 110, 70), (214, 160, 30), (80, 80, 84))[
        int(rng.integers(5))
    ]
    return Sign(
        shape,
        float(rng.uniform(0.55, 0.85)),
        float(rng.uniform(2.4, 3.1)),
        color,
        int(rng.integers(6)),
    )


def _polygon(
    x: float, center: float, radius: float, count: int, color: npt.ArrayLike, *, glow: float = 0.0
) -> Faces:
    """A regular polygon facing back, one corner up."""
    angle = np.linspace(0, 2 * np.pi, count + 1) + np.pi / 2
    rim = np.stack(
        [np.full(count + 1, x), -radius * np.cos(angle), center + radius * np.sin(angle)], axis=1
    )
    middle = np.broadcast_to((x, 0.0, center), (count, 3))
    quads = np.stack([middle, rim[1:], rim[:-1], rim[:-1]], axis=1)
    if np.cross(quads[0, 2] - quads[0, 0], quads[0, 3] - quads[0, 1])[0] > 0:
        quads = quads[:, ::-1]
    return faces(quads, color, glow=glow)


def _bar(center: float, half_width: float, half_height: float, color: npt.ArrayLike) -> Faces:
    return plate(
        -0.05,
        (-half_width, half_width),
        (center - half_height, center + half_height),
        color,
        front=False,
    )


def _self_lit(light: LocalLight) -> LocalLight:
    """Keep lamp heads visible at night, whatever falls on the pole."""
    if not light.scene.is_night:
        return light
    return replace(light, ambient_rgb=light.ambient_rgb + 0.15)
