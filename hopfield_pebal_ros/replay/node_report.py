"""What the detector node said of itself and of its cameras in its diagnostics during a run."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass
class CameraReport:
    """The last values under each key, and the inference time of each frame that was caught."""

    values: dict[str, str] = field(default_factory=dict)
    inference_ms: list[float] = field(default_factory=list)
    _num_published: int = 0

    def add(self, values: Mapping[str, str]) -> None:
        """Take the key-value pairs of one diagnostics message."""
        self.values.update(values)
        num_published = self.count('images_published')
        if num_published > self._num_published:  # another frame than last time
            self._num_published = num_published
            self.inference_ms += _number(self.values.get('inference_time_ms', ''))

    def count(self, key: str) -> int:
        """Return a counter, 0 where the node did not say."""
        return int(sum(_number(self.values.get(key, ''))))

    def num_without_result(self) -> int:
        """Return how many images the node took and will not answer."""
        keys = ('images_dropped', 'images_rejected', 'images_failed', 'images_without_listener')
        return sum(self.count(key) for key in keys)


@dataclass
class NodeReport:
    """The last values of the node, and what it says of each camera."""

    values: dict[str, str] = field(default_factory=dict)
    cameras: dict[str, CameraReport] = field(default_factory=dict)
    num_messages: int = 0

    def add(self, statuses: Mapping[str, Mapping[str, str]]) -> None:
        """Take one diagnostics message.

        Args:
            statuses: {task: its key-value pairs}, tasks such as 'node_status' and, of a camera
                with a name, 'front/camera_status'.
        """
        self.num_messages += 1
        of_cameras: dict[str, dict[str, str]] = {}
        for task, values in statuses.items():
            camera, _, kind = task.rpartition('/')
            if kind == 'node_status':
                self.values.update(values)
            else:
                of_cameras.setdefault(camera, {}).update(values)
        for camera, said in of_cameras.items():
            self.of(camera).add(said)

    def of(self, camera: str) -> CameraReport:
        """Return what the node says of a camera, '' for one without a name."""
        return self.cameras.setdefault(camera, CameraReport())

    def num_without_result(self) -> int:
        """Return how many images of all cameras the node took and will not answer."""
        return sum(each.num_without_result() for each in list(self.cameras.values()))


def _number(text: str) -> list[float]:
    try:
        return [float(text)]
    except ValueError:
        return []  # 'n/a': nothing was measured yet
