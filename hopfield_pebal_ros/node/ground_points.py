"""Where image points lie on the flat ground ahead of the vehicle; no ROS."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float64]

MAX_DISTANCE_M: Final = 300.0
"""Further away a pixel spans many metres, and the ground is not flat."""

_PINHOLE_MODELS: Final = ('plumb_bob', 'rational_polynomial', 'radtan', '')
_FISHEYE_MODELS: Final = ('equidistant', 'fisheye')

_OPTICAL_TO_BASE: Final = ((0.0, 0.0, 1.0), (-1.0, 0.0, 0.0), (0.0, -1.0, 0.0))
"""Optical x right, y down, z ahead (REP 103) to x ahead, y left, z up."""


@dataclass(frozen=True, eq=False)
class CameraPose:
    """Where a camera is in the base frame: x_base = rotation @ x_optical + position."""

    rotation: Matrix
    """(3, 3)"""
    position_m: Matrix
    """(3,)"""


def mounted(height_m: float, *, pitch_deg: float, yaw_deg: float) -> CameraPose:
    """Return the pose of a camera above the origin of the base frame, without roll.

    Args:
        height_m: above the ground.
        pitch_deg: how far it looks down.
        yaw_deg: how far it looks to the left.
    """
    down, left = np.radians(pitch_deg), np.radians(yaw_deg)
    about_y = np.array(
        [[np.cos(down), 0, np.sin(down)], [0, 1, 0], [-np.sin(down), 0, np.cos(down)]]
    )
    about_z = np.array(
        [[np.cos(left), -np.sin(left), 0], [np.sin(left), np.cos(left), 0], [0, 0, 1]]
    )
    return CameraPose(about_z @ about_y @ np.array(_OPTICAL_TO_BASE), np.array([0, 0, height_m]))


def on_ground(
    points_px: Matrix, camera: Matrix, distortion: Sequence[float], model: str, pose: CameraPose
) -> Matrix:
    """Return where the viewing rays of image points meet the ground z = 0.

    Args:
        points_px: (N, 2) x, y of the image that the camera sends.
        camera: (3, 3) camera matrix of that image.
        distortion: coefficients in the order of CameraInfo.
        model: CameraInfo's distortion_model.
        pose: of the camera.

    Returns:
        (N, 3) m in the base frame; NaN where the ray does not meet the ground within 300 m.

    Raises:
        ValueError: a distortion model that is not known.
    """
    if not len(points_px):
        return np.empty((0, 3))
    flat = _undistorted(points_px, camera, distortion, model)
    rays = np.column_stack([flat, np.ones(len(flat))])
    directions = rays @ pose.rotation.T
    falls = directions[:, 2] < 0
    lengths = np.full(len(rays), np.nan)
    lengths[falls] = -pose.position_m[2] / directions[falls, 2]
    points = pose.position_m + directions * lengths[:, None]
    points[:, 2] = np.where(falls, 0.0, np.nan)
    too_far = np.hypot(*(points - pose.position_m)[:, :2].T) > MAX_DISTANCE_M
    points[too_far] = np.nan
    return np.asarray(points, np.float64)


def _undistorted(
    points_px: Matrix, camera: Matrix, distortion: Sequence[float], model: str
) -> Matrix:
    """Return the points on the plane z = 1, (N, 2)."""
    coefficients = np.array(distortion, np.float64)
    points = points_px.reshape(-1, 1, 2)
    if model in _FISHEYE_MODELS:
        found = cv2.fisheye.undistortPoints(points, camera, coefficients[:4])
    elif model in _PINHOLE_MODELS or not coefficients.any():
        found = cv2.undistortPoints(points, camera, coefficients)
    else:
        raise ValueError(
            f'camera_info has distortion_model {model!r}; known are '
            f'{", ".join(each for each in (*_PINHOLE_MODELS, *_FISHEYE_MODELS) if each)}'
        )
    return np.asarray(found, np.float64).reshape(-1, 2)
