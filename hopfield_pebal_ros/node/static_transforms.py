"""Static transforms of /tf_static: where a camera is in the base frame. Needs tf2_msgs."""

import importlib
from collections.abc import Iterable
from typing import Any

import numpy as np
from rclpy.qos import DurabilityPolicy, QoSProfile

from hopfield_pebal_ros.node.ground_points import CameraPose, Matrix


class StaticTransforms:
    """Listens to /tf_static where tf2_msgs is installed; knows nothing where it is not.

    A camera on a moving joint is left out: its pose on /tf would have to be that of the stamp of
    each image, and the ground points of a camera that turns say less than its regions.
    """

    def __init__(self, node: Any) -> None:
        self._in_parent: dict[str, tuple[str, Matrix]] = {}
        try:
            message_type = importlib.import_module('tf2_msgs.msg').TFMessage
        except ImportError:
            self.is_available = False
            return
        self.is_available = True
        qos = QoSProfile(depth=100, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        node.create_subscription(
            message_type, '/tf_static', lambda message: self.add(message.transforms), qos
        )

    def add(self, transforms: Iterable[Any]) -> None:
        """Take geometry_msgs/TransformStamped messages."""
        for each in transforms:
            parent, child = _frame(each.header.frame_id), _frame(each.child_frame_id)
            self._in_parent[child] = (parent, _matrix(each.transform))

    def pose(self, base_frame: str, camera_frame: str) -> CameraPose | None:
        """Return where the camera is in the base frame; None where no chain joins them."""
        camera, base = self._to_root(_frame(camera_frame)), self._to_root(_frame(base_frame))
        shared = next((frame for frame in camera if frame in base), None)
        if shared is None:
            return None
        found = np.linalg.inv(base[shared]) @ camera[shared]
        return CameraPose(found[:3, :3], found[:3, 3])

    def _to_root(self, frame: str) -> dict[str, Matrix]:
        """Return every frame above, nearest first -> transform of `frame` into it."""
        found, transform = {frame: np.eye(4)}, np.eye(4)
        while frame in self._in_parent:
            frame, step = self._in_parent[frame]
            if frame in found:  # a loop in what others published
                break
            transform = step @ transform
            found[frame] = transform
        return found


def _frame(name: str) -> str:
    return name.lstrip('/')


def _matrix(transform: Any) -> Matrix:
    """Return a geometry_msgs/Transform as (4, 4)."""
    x, y, z, w = (getattr(transform.rotation, axis) for axis in 'xyzw')
    length = (x * x + y * y + z * z + w * w) ** 0.5 or 1.0
    x, y, z, w = x / length, y / length, z / length, w / length
    matrix = np.eye(4)
    matrix[:3, :3] = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ]
    matrix[:3, 3] = [getattr(transform.translation, axis) for axis in 'xyz']
    return matrix
