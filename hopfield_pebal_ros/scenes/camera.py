"""Pinhole camera: points in front of the vehicle to pixels, pixels to viewing rays."""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Camera:
    """One camera pose; its frame before rotation is x right, y down, z forward [m].

    Attributes:
        image_hw: size of the picture [px].
        focal_px: focal length [px].
        height_m: above the road [m].
        pitch_rad: positive looks down.
        roll_rad: positive turns the picture's content clockwise.
        yaw_rad: positive looks to the right.
    """

    image_hw: tuple[int, int]
    focal_px: float
    height_m: float
    pitch_rad: float = 0.0
    roll_rad: float = 0.0
    yaw_rad: float = 0.0

    @property
    def center_xy(self) -> tuple[float, float]:
        """Principal point [px]; pixel centres lie at whole numbers."""
        height, width = self.image_hw
        return (width - 1) / 2, (height - 1) / 2

    @cached_property
    def rotation(self) -> FloatArray:
        """(3, 3): vehicle axes to camera axes."""
        sin, cos = math.sin(self.yaw_rad), math.cos(self.yaw_rad)
        yaw = np.array([[cos, 0, -sin], [0, 1, 0], [sin, 0, cos]])
        sin, cos = math.sin(self.pitch_rad), math.cos(self.pitch_rad)
        pitch = np.array([[1, 0, 0], [0, cos, -sin], [0, sin, cos]])
        sin, cos = math.sin(self.roll_rad), math.cos(self.roll_rad)
        roll = np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]])
        return np.asarray(roll @ pitch @ yaw)

    def project(
        self, points: FloatArray, *, is_rotated: bool = False
    ) -> tuple[FloatArray, FloatArray]:
        """Return pixels (N, 2) as x, y and depth (N,) [m] of points (N, 3) before the camera.

        Points nearer than 5 cm are projected as if they were 5 cm away; look at the depth.
        `is_rotated` points are in camera axes already.
        """
        rotated = points if is_rotated else points @ self.rotation.T
        depth = rotated[:, 2]
        scale = self.focal_px / np.maximum(depth, 0.05)
        pixels = rotated[:, :2] * scale[:, None]
        pixels += self.center_xy
        return pixels, depth

    def rays(self, first_row: int) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """Slopes x/z and y/z of the viewing ray of every pixel from `first_row` down.

        Returns:
            two (H - first_row, W) float32 in vehicle axes.
        """
        height, width = self.image_hw
        center_x, center_y = self.center_xy
        across = ((np.arange(width, dtype=np.float32) - center_x) / self.focal_px)[None, :]
        down = ((np.arange(first_row, height, dtype=np.float32) - center_y) / self.focal_px)[
            :, None
        ]
        turn = self.rotation.astype(np.float32)
        forward = turn[0, 2] * across + (turn[1, 2] * down + turn[2, 2])
        slope_x = (turn[0, 0] * across + (turn[1, 0] * down + turn[2, 0])) / forward
        slope_y = (turn[0, 1] * across + (turn[1, 1] * down + turn[2, 1])) / forward
        return slope_x.astype(np.float32), slope_y.astype(np.float32)
