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
from hopfield_pebal_ros.scenes.vehicle_parts import plate
from hopfield_pebal_ros.scenes.view import View

FloatArray = npt.NDArray[np.float64]

POLE_ID = CITYSCAPES.id_of('pole')
SIGN_ID = CITYSCAPES.id_of('traffic sign')
TRAFFIC_LIGHT_ID = CITYSCAPES.id_of('traffic light')

_STEEL = (128.0, 132.0, 134.0)
_WHITE, _RED, _BLACK = (228, 228, 224), (190, 28, 32), (25, 25, 25)
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
        patch = draw_capsules(view, capsules(rows), pose, light=_self_lit(light))
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
        patch = draw_capsules(view, capsules([rows[0]]), pose, light=light)
        return [Layer(patch, POLE_ID)] if patch else []


@dataclass(frozen=True)
class Sign:
    """A traffic sign on a pole; the plate faces the camera."""

    shape: str
    size_m: float
    height_m: float
    color: _Color
    symbol: int

    @property
    def middle_m(self) -> float:
        """Height of the plate's middle."""
        return self.height_m - self.size_m / 2

    def draw(self, view: View, pose: Pose, light: LocalLight) -> list[Layer]:
        post = Post(self.height_m, 0.035, _STEEL).draw(view, pose, light)
        patch = draw_solid(view, _sign_plates(self), pose, light=light)
        return [*post, Layer(patch, SIGN_ID)] if patch else post


@dataclass(frozen=True)
class TrafficLight:
    """Three lamps in a dark box on a pole; `lit` 0 red, 1 amber, 2 green."""

    height_m: float
    lit: int

    def draw(self, view: View, pose: Pose, light: LocalLight) -> list[Layer]:
        layers = Post(self.height_m, 0.06, (90.0, 94.0, 96.0)).draw(view, pose, light)
        patch = draw_solid(view, _lamp_box(self), pose, light=light)
        return [*layers, Layer(patch, TRAFFIC_LIGHT_ID)] if patch else layers


@lru_cache(maxsize=256)
def _sign_plates(sign: Sign) -> Faces:
    """Rim, face and symbol, from back to front."""
    shapes = {'round': _round_sign, 'triangle': _triangle_sign, 'square': _square_sign}
    parts = shapes[sign.shape](sign)
    return join(parts, ranks=list(range(len(parts))))


def _round_sign(sign: Sign) -> list[Faces]:
    height, radius = sign.middle_m, sign.size_m / 2
    if sign.symbol % 3 == 0:
        return [_polygon(-0.04, height, radius, sign.color), _bar(sign, (0.5, 0.22), _WHITE)]
    return [
        _polygon(-0.04, height, radius, _RED),
        _polygon(-0.045, height, radius * 0.76, _WHITE),
        _bar(sign, (0.5, 0.22), _BLACK),
    ]


def _triangle_sign(sign: Sign) -> list[Faces]:
    height, radius = sign.middle_m, sign.size_m / 2
    return [
        _polygon(-0.04, height, radius * 1.15, _RED, num_sides=3),
        _polygon(-0.045, height, radius * 0.72, _WHITE, num_sides=3),
        _bar(sign, (0.08, 0.3), _BLACK),
    ]


def _square_sign(sign: Sign) -> list[Faces]:
    """A board with lines of writing."""
    height, radius = sign.middle_m, sign.size_m / 2
    wide = radius * (1.0 if sign.symbol % 2 else 1.9)
    parts = []
    for x, share, color in ((-0.04, 1.0, _WHITE), (-0.045, 0.93, sign.color)):
        rows = height - share * radius, height + share * radius
        parts.append(plate(x, (-share * wide, share * wide), rows, color=color))
    for row in range(1 + sign.symbol % 3):
        middle = height + radius * (0.45 - 0.45 * row)
        rows = middle - 0.1 * radius, middle + 0.1 * radius
        parts.append(plate(-0.05, (-0.7 * wide, wide * (0.6 - 0.2 * row)), rows, color=_WHITE))
    return parts


@lru_cache(maxsize=64)
def _lamp_box(light: TrafficLight) -> Faces:
    top = light.height_m
    parts = [box((-0.2, -0.17, top - 0.95), (-0.02, 0.17, top), (26, 28, 28))]
    for index, color in enumerate(((255, 50, 40), (255, 180, 50), (70, 240, 140))):
        is_lit = index == light.lit
        shade = np.asarray(color) * (1.0 if is_lit else 0.2)
        glow = 1.0 if is_lit else 0.2
        height = top - 0.17 - 0.3 * index
        parts.append(_polygon(-0.21, height, 0.11, shade, num_sides=14, glow=glow))
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
    x: float,
    height: float,
    radius: float,
    color: npt.ArrayLike,
    *,
    num_sides: int = 20,
    glow: float = 0.0,
) -> Faces:
    """A regular polygon around `height` that faces back, one corner up [m]."""
    angle = np.linspace(0, 2 * np.pi, num_sides + 1) + np.pi / 2
    across, up = -radius * np.cos(angle), height + radius * np.sin(angle)
    rim = np.column_stack([np.full(num_sides + 1, x), across, up])
    middle = np.broadcast_to((x, 0.0, height), (num_sides, 3))
    return faces(np.stack([middle, rim[:-1], rim[1:], rim[1:]], axis=1), color, glow=glow)


def _bar(sign: Sign, half_sides: tuple[float, float], color: npt.ArrayLike) -> Faces:
    """A bar in the middle of a sign; its half width and half height are parts of the radius."""
    wide, high = (each * sign.size_m / 2 for each in half_sides)
    return plate(-0.05, (-wide, wide), (sign.middle_m - high, sign.middle_m + high), color=color)


def _self_lit(light: LocalLight) -> LocalLight:
    """Keep lamp heads visible at night, whatever falls on the pole."""
    if not light.scene.is_night:
        return light
    return replace(light, ambient_rgb=light.ambient_rgb + 0.15)
