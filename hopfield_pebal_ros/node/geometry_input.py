"""What one camera's results need besides its images: its CameraInfo and its pose."""

import math
from typing import Any

import numpy as np
import numpy.typing as npt
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import CameraInfo

from hopfield_pebal_ros.inference.detection import Detection
from hopfield_pebal_ros.node.camera_frame import CameraFrame
from hopfield_pebal_ros.node.camera_info import (
    image_camera_info,
    intrinsics,
    map_camera_info,
)
from hopfield_pebal_ros.node.camera_parameters import CameraParameters
from hopfield_pebal_ros.node.ground_points import CameraPose, mounted, on_ground
from hopfield_pebal_ros.node.static_transforms import StaticTransforms


class GeometryInput:
    """Listens to `camera_info` while that is wanted, and knows where the camera is.

    Args:
        node: that the subscription belongs to.
        topic: relative name.
        transforms: of the vehicle.
        base_frame: that points are given in.
    """

    def __init__(
        self, node: Any, topic: str, *, transforms: StaticTransforms, base_frame: str
    ) -> None:
        self._node = node
        self._topic = topic
        self._transforms = transforms
        self._base_frame = base_frame
        self._subscription: Any = None
        self._info: CameraInfo | None = None
        self.mount: CameraParameters = CameraParameters()
        """Height, pitch and yaw that an operator set."""
        self.problem = ''
        """Why the last `camera_info` or `anomaly_points` could not be made, or ''."""

    def want(self, is_wanted: bool) -> None:
        """Subscribe, or let go of the subscription, where that is a change."""
        if is_wanted == (self._subscription is not None):
            return
        self.close()
        if is_wanted:
            self._subscription = self._node.create_subscription(
                CameraInfo,
                self._topic,
                self._take,
                QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT),
            )

    def close(self) -> None:
        if self._subscription is not None:
            self._node.destroy_subscription(self._subscription)
            self._subscription = None

    def camera_info(
        self, frame: CameraFrame, detection: Detection, map_hw: tuple[int, int] | None
    ) -> CameraInfo | None:
        """Return the CameraInfo of the results; None, and `problem` says why, without one.

        Args:
            frame: of the results.
            detection: of the frame.
            map_hw: size of the results; None is camera size.
        """
        try:
            if map_hw is None:
                made = image_camera_info(
                    self._received(), detection.placement.camera_hw, frame.header
                )
            else:
                made = map_camera_info(self._received(), detection.placement, map_hw, frame.header)
        except ValueError as error:
            self.problem = str(error)
            return None
        self.problem = ''
        return made

    def ground_points(
        self, frame: CameraFrame, detection: Detection
    ) -> npt.NDArray[np.float32] | None:
        """Return the regions that stand on the ground ahead, worst first.

        Returns:
            (N, 5) float32: x, y, z [m] of the middle of the lower edge, peak energy, width of
            that edge [m]; None, and `problem` says why, where geometry is missing.
        """
        try:
            info, pose = self._received(), self._pose(frame.header.frame_id)
            camera, _ = intrinsics(info, detection.placement.camera_hw)
            boxes = detection.regions
            lefts = [each.left - 0.5 for each in boxes]  # the middle of a pixel is whole
            rights = [each.left + each.width - 0.5 for each in boxes]
            bottoms = [each.top + each.height - 0.5 for each in boxes]
            middles = [(left + right) / 2 for left, right in zip(lefts, rights, strict=True)]
            left, right, middle = (
                on_ground(
                    np.array([xs, bottoms], np.float64).T,
                    camera,
                    info.d,
                    info.distortion_model,
                    pose,
                )
                for xs in (lefts, rights, middles)
            )
        except ValueError as error:
            self.problem = str(error)
            return None
        self.problem = ''
        energies = np.array([each.max_energy for each in boxes]).reshape(-1, 1)
        widths = np.linalg.norm(right - left, axis=1).reshape(-1, 1)
        rows = np.hstack([middle, energies, widths]).astype(np.float32)
        return rows[np.isfinite(rows).all(1)]

    def _received(self) -> CameraInfo:
        if self._info is None:
            topic = self._node.resolve_topic_name(self._topic)
            raise ValueError(
                f'no camera_info came on {topic}; remap image/camera_info to that of the camera'
            )
        return self._info

    def _pose(self, camera_frame: str) -> CameraPose:
        if not math.isnan(self.mount.camera_height_m):
            return mounted(
                self.mount.camera_height_m,
                pitch_deg=self.mount.camera_pitch_deg,
                yaw_deg=self.mount.camera_yaw_deg,
            )
        pose = self._transforms.pose(self._base_frame, camera_frame)
        if pose is None:
            known = '' if self._transforms.is_available else ' (tf2_msgs is not installed)'
            raise ValueError(
                f'no static transform from {self._base_frame} to {camera_frame!r}{known}; '
                'publish one on /tf_static, or set camera_height_m'
            )
        return pose

    def _take(self, message: CameraInfo) -> None:
        self._info = message
