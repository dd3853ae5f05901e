"""Bicycles and motorcycles, with their riders or parked."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.contract.labels import CITYSCAPES
from hopfield_pebal_ros.scenes.canvas import Layer
from hopfield_pebal_ros.scenes.capsules import Capsules, Rows, beside, capsules, draw_capsules
from hopfield_pebal_ros.scenes.light import LocalLight
from hopfield_pebal_ros.scenes.meshes import Pose
from hopfield_pebal_ros.scenes.people import (
    CLOTHES,
    Color,
    Figure,
    arm,
    cloth_texture,
    random_figure,
    trunk,
)
from hopfield_pebal_ros.scenes.view import View

FloatArray = npt.NDArray[np.float64]

BICYCLE_ID = CITYSCAPES.id_of('bicycle')
MOTORCYCLE_ID = CITYSCAPES.id_of('motorcycle')
RIDER_ID = CITYSCAPES.id_of('rider')

_TYRE: Color = (22, 22, 23)
_METAL: Color = (130, 132, 136)


@dataclass(frozen=True)
class TwoWheeler:
    """A bicycle or motorcycle; slot 0 is the machine, slot 1 its rider."""

    is_motorcycle: bool
    paint: Color
    rider: Figure | None
    helmet: Color

    def draw(self, view: View, pose: Pose, light: LocalLight) -> list[Layer]:
        is_far = view.px_per_m(pose.s) < 55
        machine = (
            _motorcycle(self.paint, is_far=is_far)
            if self.is_motorcycle
            else _bicycle(self.paint, pose.phase, is_far=is_far)
        )
        label = MOTORCYCLE_ID if self.is_motorcycle else BICYCLE_ID
        patch = draw_capsules(view, machine, pose, light=light)
        layers = [Layer(patch, label)] if patch else []
        if self.rider is not None:
            seat = _SADDLE if self.is_motorcycle else _BICYCLE_SEAT
            wears_helmet = self.is_motorcycle or self.rider.has_bare_arms
            helmet = self.helmet if wears_helmet else None
            limbs = _seated(self.rider, seat, phase=pose.phase, helmet=helmet)
            patch = draw_capsules(view, limbs, pose, light=light, texture=cloth_texture())
            layers += [Layer(patch, RIDER_ID, slot=1)] if patch else []
        return layers


def random_two_wheeler(
    rng: np.random.Generator, *, is_motorcycle: bool, is_ridden: bool
) -> TwoWheeler:
    first, second = (CLOTHES[int(each)] for each in rng.integers(len(CLOTHES), size=2))
    return TwoWheeler(is_motorcycle, first, random_figure(rng) if is_ridden else None, second)


def _ring(center: npt.ArrayLike, radius: float, thickness: float, pieces: int) -> Rows:
    """A tyre: an upright circle of short limbs."""
    angle = np.linspace(0, 2 * math.pi, pieces + 1)
    circle = np.column_stack([np.cos(angle), np.zeros(pieces + 1), np.sin(angle)])
    points = np.asarray(center) + radius * circle
    return [(points[i], points[i + 1], thickness, thickness, _TYRE) for i in range(pieces)]


def _bicycle(paint: Color, phase: float, *, is_far: bool) -> Capsules:
    pieces = 7 if is_far else 22
    rear, front = np.array([-0.52, 0, 0.34]), np.array([0.53, 0, 0.34])
    crank, seat, head = (
        np.array([-0.08, 0, 0.29]),
        np.array([-0.24, 0, 0.82]),
        np.array([0.36, 0, 0.82]),
    )
    rows = _ring(rear, 0.335, 0.019, pieces) + _ring(front, 0.335, 0.019, pieces)
    for hub in () if is_far else (rear, front):
        for turn in range(3):
            reach = 0.31 * np.array(
                [math.cos(turn * 1.05 + phase), 0, math.sin(turn * 1.05 + phase)]
            )
            rows.append((hub - reach, hub + reach, 0.004, 0.004, _METAL))
    frame = [
        (rear, crank),
        (crank, seat),
        (seat, head),
        (crank, head),
        (rear, seat),
        (head, front),
    ]
    rows += [(a, b, 0.019, 0.019, paint) for a, b in frame]
    grip = beside(head, -0.04, 0, 0.2)
    rows += [
        (head, grip, 0.015, 0.015, _METAL),
        (beside(grip, 0, -0.27, 0.02), beside(grip, 0, 0.27, 0.02), 0.016, 0.016, _TYRE),
        (seat, beside(seat, -0.01, 0, 0.14), 0.014, 0.014, _METAL),
        (beside(seat, -0.1, 0, 0.16), beside(seat, 0.12, 0, 0.16), 0.055, 0.03, _TYRE),
        (
            crank,
            crank + 0.17 * np.array([math.cos(phase), 0.5, -math.sin(phase)]),
            0.012,
            0.012,
            _METAL,
        ),
    ]
    return capsules(rows)


def _motorcycle(paint: Color, *, is_far: bool) -> Capsules:
    pieces = 7 if is_far else 22
    rear, front = np.array([-0.68, 0, 0.31]), np.array([0.7, 0, 0.31])
    rows = _ring(rear, 0.25, 0.065, pieces) + _ring(front, 0.26, 0.055, pieces)
    rows += [
        (rear, beside(rear, 0.1, 0, 0.0), 0.15, 0.15, _METAL),
        (front, beside(front, -0.01, 0, 0), 0.13, 0.13, _METAL),
        ((-0.25, 0, 0.42), (0.22, 0, 0.42), 0.18, 0.17, (60, 60, 64)),
        ((-0.72, 0, 0.78), (-0.2, 0, 0.74), 0.1, 0.13, (30, 30, 32)),
        ((-0.1, 0, 0.78), (0.28, 0, 0.86), 0.15, 0.14, paint),
        ((0.3, 0, 0.75), (0.52, 0, 0.95), 0.14, 0.12, paint),
        ((0.45, 0, 0.92), front, 0.04, 0.035, _METAL),
        ((0.34, -0.34, 1.05), (0.34, 0.34, 1.05), 0.025, 0.025, _TYRE),
        ((0.58, 0, 0.88), (0.6, 0, 0.88), 0.09, 0.08, (215, 218, 220)),
        ((-0.82, 0, 0.72), (-0.86, 0, 0.7), 0.05, 0.04, (150, 18, 20)),
        ((-0.55, 0.16, 0.34), (0.0, 0.16, 0.3), 0.055, 0.04, _METAL),
        (beside(front, -0.2, 0, 0.25), beside(front, 0.2, 0, 0.22), 0.07, 0.05, paint),
    ]
    return capsules(rows)


@dataclass(frozen=True)
class _Seat:
    """Where a rider's hips, neck, hands and feet are, in the machine's axes [m]."""

    hips: tuple[float, float, float]
    neck: tuple[float, float, float]
    grip: tuple[float, float, float]
    crank: tuple[float, float]
    crank_m: float
    helmet_m: float


_BICYCLE_SEAT = _Seat((-0.24, 0, 1.0), (0.03, 0, 1.47), (0.3, 0, 1.04), (-0.08, 0.29), 0.17, 0.105)
_SADDLE = _Seat((-0.3, 0, 0.88), (-0.1, 0, 1.36), (0.3, 0, 1.07), (0.05, 0.48), 0.0, 0.135)


def _seated(figure: Figure, seat: _Seat, *, phase: float, helmet: Color | None) -> Capsules:
    """Limbs of a rider; the feet turn with the pedals."""
    hips, neck = np.array(seat.hips), np.array(seat.neck)
    rows = trunk(figure, hips, neck)
    if helmet is not None:
        head, size = beside(neck, 0.07, 0, 0.22), seat.helmet_m
        rows.append(
            (beside(head, -0.02, 0, 0.02), beside(head, 0.02, 0, 0.04), size, size, helmet)
        )
    for side in (-1, 1):
        turn = phase + (math.pi if side > 0 else 0)
        x, h = (
            seat.crank[0] + seat.crank_m * math.cos(turn),
            seat.crank[1] + seat.crank_m * math.sin(turn),
        )
        rows += _riding_leg(figure, beside(hips, 0, side * 0.1, 0), np.array([x, side * 0.11, h]))
        shoulder, hand = (
            beside(neck, -0.02, side * 0.18, 0.0),
            beside(seat.grip, 0, side * 0.25, 0),
        )
        elbow = beside((shoulder + hand) / 2, 0, side * 0.05, -0.08)
        upper, lower, palm = arm(figure, shoulder, elbow, 0.0)
        rows += [upper, (elbow, hand, *lower[2:]), (hand, beside(hand, 0.03, 0, 0), *palm[2:])]
    return capsules(rows)


def _riding_leg(figure: Figure, thigh: FloatArray, pedal: FloatArray) -> Rows:
    knee = beside((thigh + pedal) / 2, 0.24, 0.05 * np.sign(pedal[1]), 0.1)
    heel, toe = beside(pedal, -0.04, 0, -0.03), beside(pedal, 0.15, 0, -0.03)
    return [
        (thigh, knee, 0.088 * figure.girth, 0.062, figure.legs),
        (knee, pedal, 0.06, 0.042, figure.legs),
        (heel, toe, 0.045, 0.036, figure.shoes),
    ]
