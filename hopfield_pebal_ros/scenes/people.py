"""People of capsule limbs: walking or standing, in clothes of many colours."""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.contract.labels import CITYSCAPES
from hopfield_pebal_ros.scenes.canvas import Layer
from hopfield_pebal_ros.scenes.capsules import Capsules, Rows, beside, capsules, draw_capsules
from hopfield_pebal_ros.scenes.light import LocalLight
from hopfield_pebal_ros.scenes.meshes import Pose
from hopfield_pebal_ros.scenes.textures import fractal_noise
from hopfield_pebal_ros.scenes.view import View

FloatArray = npt.NDArray[np.float64]
Color = tuple[float, float, float]

PERSON_ID = CITYSCAPES.id_of('person')

SKINS: tuple[Color, ...] = (
    (224, 180, 152), (200, 150, 120), (158, 110, 80), (100, 68, 48), (66, 45, 34),
)  # fmt: skip
HAIRS: tuple[Color, ...] = (
    (28, 22, 20), (62, 42, 28), (120, 88, 52), (176, 148, 98), (150, 148, 145),
)  # fmt: skip
CLOTHES: tuple[Color, ...] = (
    (24, 25, 28), (40, 42, 50), (32, 42, 68), (58, 70, 98), (85, 85, 86), (128, 125, 120),
    (178, 172, 162), (222, 220, 215), (120, 30, 36), (182, 42, 42), (48, 78, 58), (98, 92, 62),
    (152, 118, 82), (62, 98, 138), (212, 162, 52), (138, 72, 108), (208, 112, 62), (92, 62, 46),
)  # fmt: skip


@dataclass(frozen=True)
class Figure:
    """Looks of one person; heights and colours only, no pose."""

    height_m: float
    girth: float
    skin: Color
    hair: Color
    has_long_hair: bool
    top: Color
    legs: Color
    shoes: Color
    coat_m: float
    bag: Color | None
    has_bare_arms: bool


@dataclass(frozen=True)
class Person:
    """A pedestrian; the pose's phase moves the legs."""

    figure: Figure
    stride: float

    def draw(self, view: View, pose: Pose, light: LocalLight) -> list[Layer]:
        is_far = self.figure.height_m * view.px_per_m(pose.s) < 45
        limbs = walking(self.figure, phase=pose.phase, stride=self.stride, is_far=is_far)
        texture = None if is_far else cloth_texture()
        patch = draw_capsules(view, limbs, pose, light=light, texture=texture)
        return [Layer(patch, PERSON_ID)] if patch else []


def random_figure(rng: np.random.Generator) -> Figure:
    def pick(colors: tuple[Color, ...]) -> Color:
        red, green, blue = np.clip(
            np.asarray(colors[int(rng.integers(len(colors)))]) * rng.uniform(0.8, 1.15), 8, 245
        ).tolist()
        return red, green, blue

    is_child = rng.random() < 0.1
    return Figure(
        height_m=float(
            rng.uniform(1.05, 1.4) if is_child else np.clip(rng.normal(1.71, 0.09), 1.5, 1.95)
        ),
        girth=float(rng.uniform(0.85, 1.25)),
        skin=pick(SKINS),
        hair=pick(HAIRS),
        has_long_hair=bool(rng.random() < 0.4),
        top=pick(CLOTHES),
        legs=pick(CLOTHES[:8] + CLOTHES[10:12]),
        shoes=pick(CLOTHES[:8]),
        coat_m=float(rng.choice([0.0, 0.0, 0.12, 0.35])),
        bag=pick(CLOTHES) if rng.random() < 0.4 else None,
        has_bare_arms=bool(rng.random() < 0.3),
    )


def random_person(rng: np.random.Generator, *, is_walking: bool) -> Person:
    return Person(random_figure(rng), float(rng.uniform(0.7, 1.0)) if is_walking else 0.12)


@lru_cache(maxsize=1)
def cloth_texture() -> npt.NDArray[np.float32]:
    """Folds: brightness factors (h, w, 3)."""
    noise = fractal_noise(16, 4, 2)[:192, :96]
    return np.repeat(1 + 0.09 * noise[..., None], 3, axis=2).astype(np.float32)


def walking(figure: Figure, *, phase: float, stride: float, is_far: bool = False) -> Capsules:
    """Limbs of a person on foot in object axes; `stride` 0 stands, 1 walks briskly."""
    swing = 0.45 * stride * math.sin(phase)
    bend = [max(0.0, math.sin(phase + shift)) * 0.8 * stride for shift in (0.9, math.pi + 0.9)]
    rows = _leg(figure, -1, swing, bend[0]) + _leg(figure, 1, -swing, bend[1])
    for side, angle in ((-1, -0.9 * swing), (1, 0.9 * swing)):
        shoulder = np.array([0.0, side * 0.185, 1.42])
        elbow = beside(shoulder + 0.29 * _hanging(angle), 0, side * 0.04, 0)
        rows += arm(figure, shoulder, elbow, angle + 0.25)
    if is_far:  # no shoes, no hands
        rows = [row for row in rows if min(row[2], row[3]) > 0.0365 or row[2] > 0.046]
    rows += trunk(figure, np.array([0.0, 0.0, 0.95]), np.array([0.01, 0.0, 1.4]))
    girth = figure.girth
    if figure.coat_m:
        hem = 0.95 - figure.coat_m
        rows.append(((0, 0, 1.0), (0, 0, hem), 0.16 * girth, 0.19 * girth, figure.top))
    if figure.bag is not None:
        rows.append(((-0.16, 0.0, 1.36), (-0.17, 0.0, 1.1), 0.12, 0.14, figure.bag))
    return _scaled(capsules(rows), figure.height_m / 1.72)


def _leg(figure: Figure, side: int, angle: float, knee: float) -> Rows:
    hip = np.array([0.0, side * 0.095, 0.93])
    middle = hip + 0.45 * _hanging(angle)
    foot = middle + 0.42 * _hanging(angle - knee)
    heel, toe = beside(foot, -0.03, 0, -0.02), beside(foot, 0.15, side * 0.02, -0.035)
    return [
        (hip, middle, 0.088 * figure.girth, 0.062 * figure.girth, figure.legs),
        (middle, foot, 0.062 * figure.girth, 0.043, figure.legs),
        (heel, toe, 0.045, 0.036, figure.shoes),
    ]


def trunk(figure: Figure, hips: FloatArray, neck: FloatArray) -> Rows:
    """Torso, shoulders, neck, head and hair from the hips' middle to the neck's foot."""
    up = (neck - hips) / np.linalg.norm(neck - hips)
    head = neck + 0.2 * up + (0.02, 0, 0)
    chest = hips + 0.78 * (neck - hips)
    rows: Rows = [
        (hips, beside(hips, 0, 0, 0.08), 0.145 * figure.girth, 0.14 * figure.girth, figure.legs),
        (hips + 0.12 * up, chest, 0.135 * figure.girth, 0.155 * figure.girth, figure.top),
        (beside(chest, 0, -0.13, 0.03), beside(chest, 0, 0.13, 0.03), 0.085, 0.085, figure.top),
        (neck - 0.02 * up, head, 0.055, 0.05, figure.skin),
        (head - 0.045 * up + (0.012, 0, 0), head + 0.045 * up, 0.082, 0.092, figure.skin),
        (
            head + 0.05 * up + (-0.03, 0, 0),
            head + 0.075 * up + (0.02, 0, 0),
            0.095,
            0.075,
            figure.hair,
        ),
    ]
    if figure.has_long_hair:
        rows.append(
            (beside(head, -0.07, 0, 0.05), beside(head, -0.09, 0, -0.2), 0.08, 0.06, figure.hair)
        )
    return rows


def arm(figure: Figure, shoulder: FloatArray, elbow: FloatArray, forearm_angle: float) -> Rows:
    hand = elbow + 0.25 * _hanging(forearm_angle)
    lower = figure.skin if figure.has_bare_arms else figure.top
    return [
        (shoulder, elbow, 0.058, 0.045, figure.top),
        (elbow, hand, 0.044, 0.034, lower),
        (hand, beside(hand, 0.015, 0, -0.06), 0.036, 0.03, figure.skin),
    ]


def _hanging(angle: float) -> FloatArray:
    """Unit direction straight down, swung forward by `angle` [rad]."""
    return np.array([math.sin(angle), 0.0, -math.cos(angle)])


def _scaled(limbs: Capsules, factor: float) -> Capsules:
    return Capsules(limbs.ends * factor, limbs.radii * factor, limbs.colors)
