"""Road coordinates seen by the camera: (s along, u to the right, h up) [m] to pixels and back."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.scenes.camera import Camera

FloatArray = npt.NDArray[np.float64]

FAR_M = 260.0
"""Nothing on the ground is drawn further away."""

NEAR_M = 1.0
"""Nothing is drawn nearer than this."""


@dataclass(frozen=True)
class GroundGrid:
    """Where the rays of the pixels from `first_row` down meet the road: (h, W) float32."""

    first_row: int
    s: npt.NDArray[np.float32]
    u: npt.NDArray[np.float32]
    depth: npt.NDArray[np.float32]
    is_ground: npt.NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class View:
    """The camera at one instant on a road of constant bend and slope change.

    Attributes:
        s_m, u_m: the camera's place on the road.
        bend: curvature to the right [1/m].
        rise: vertical curvature, positive climbs ahead [1/m].
    """

    camera: Camera
    s_m: float
    u_m: float
    bend: float = 0.0
    rise: float = 0.0

    def to_camera(self, points_suh: FloatArray) -> FloatArray:
        """(N, 3) road coordinates to (N, 3) x right, y down, z forward of the camera's place."""
        ahead = points_suh[:, 0] - self.s_m
        square = 0.5 * ahead * ahead
        points = np.empty((len(ahead), 3))
        points[:, 0] = points_suh[:, 1] - self.u_m + self.bend * square
        points[:, 1] = self.camera.height_m - points_suh[:, 2] - self.rise * square
        points[:, 2] = ahead
        return points

    def project(self, points_suh: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Pixels (N, 2) and depth (N,) [m] of points in road coordinates."""
        return self.camera.project(self.to_camera(points_suh))

    def may_show(self, s_m: float, u_m: float, reach_m: float) -> bool:
        """Whether something within `reach_m` of a place can be between the picture's sides."""
        ahead = s_m - self.s_m
        x = u_m - self.u_m + 0.5 * self.bend * ahead * ahead
        half = 0.5 * self.camera.image_hw[1] / self.camera.focal_px + 2 * abs(self.camera.yaw_rad)
        return abs(x) < (ahead + reach_m) * half + 1.5 * reach_m

    def px_per_m(self, s_m: float) -> float:
        return self.camera.focal_px / max(s_m - self.s_m, NEAR_M)

    def ground(self) -> GroundGrid:
        """Meet every viewing ray with y(z) = height - rise z^2 / 2; z is the smaller root."""
        first_row = self._first_ground_row()
        slope_x, slope_y = self.camera.rays(first_row)
        root = slope_y * slope_y
        root += np.float32(2 * self.rise * self.camera.height_m)
        meets = root >= 0  # beyond a crest the ray passes over the road
        np.sqrt(np.maximum(root, 0, out=root), out=root)
        root += slope_y
        np.maximum(root, np.float32(1e-6), out=root)
        depth = np.float32(2 * self.camera.height_m) / root
        is_ground = (depth < FAR_M) & meets
        u = depth * (slope_x - np.float32(0.5 * self.bend) * depth) + np.float32(self.u_m)
        s = depth + np.float32(self.s_m)
        return GroundGrid(first_row, s, u, depth, is_ground)

    def _first_ground_row(self) -> int:
        height, width = self.camera.image_hw
        half = 0.5 * width / self.camera.focal_px
        ahead = np.array([40.0, 80.0, 150.0, FAR_M])
        down = self.camera.height_m - 0.5 * self.rise * ahead**2
        points = [
            [side * half * z, y, z] for z, y in zip(ahead, down, strict=True) for side in (-1, 1)
        ]
        pixels, _ = self.camera.project(np.asarray(points))
        return int(np.clip(np.floor(pixels[:, 1].min()) - 2, 0, height - 1))
