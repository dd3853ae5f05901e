"""What the detector node said of itself in its diagnostics during a run."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass
class NodeReport:
    """The last values under each key, and the inference time of each frame that was caught."""

    values: dict[str, str] = field(default_factory=dict)
    inference_ms: list[float] = field(default_factory=list)
    num_messages: int = 0
    _num_published: int = 0

    def add(self, values: Mapping[str, str]) -> None:
        """Take the key-value pairs of one diagnostics message."""
        self.num_messages += 1
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


def _number(text: str) -> list[float]:
    try:
        return [float(text)]
    except ValueError:
        return []  # 'n/a': nothing was measured yet
