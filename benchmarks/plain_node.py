"""A segmentation node written the usual way, to compare with: NumPy for everything.

The steps are those of common tutorials: cv_bridge's conversion, normalise and transpose in
NumPy, arg-max and log-sum-exp of the logits in NumPy, `tobytes` into the messages.
"""

import time
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from rclpy.node import Node
from sensor_msgs.msg import Image

from benchmarks.stand_in_engine import NETWORK_HW

_MEAN = np.array([0.485, 0.456, 0.406], np.float32)
_DEVIATION = np.array([0.229, 0.224, 0.225], np.float32)


class PlainNode(Node):  # type: ignore[misc]
    """Subscribes to `image`, publishes `segmentation` and `energy` at network size."""

    def __init__(self, seconds: float) -> None:
        super().__init__('plain')
        self._seconds = seconds
        self._logits = np.random.default_rng(0).standard_normal((1, 19, *NETWORK_HW), np.float32)
        self._labels = self.create_publisher(Image, 'segmentation', 1)
        self._energies = self.create_publisher(Image, 'energy', 1)
        self.create_subscription(Image, 'image', self._on_image, 1)
        self.inference_ms: list[float] = []

    def _on_image(self, message: Image) -> None:
        picture = np.ndarray(
            (message.height, message.width, 3), np.uint8, buffer=message.data
        ).copy()
        picture_rgb = cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)
        small = cv2.resize(picture_rgb, NETWORK_HW[::-1])
        batch = ((small.astype(np.float32) / 255 - _MEAN) / _DEVIATION).transpose(2, 0, 1)[None]
        start_s = time.perf_counter()
        logits = self._infer(np.ascontiguousarray(batch))
        self.inference_ms.append((time.perf_counter() - start_s) * 1e3)
        labels = logits[0].argmax(0).astype(np.uint8)
        energies = -np.log(np.exp(logits[0]).sum(0))
        self._labels.publish(_message(labels, 'mono8', message.header))
        self._energies.publish(_message(energies, '32FC1', message.header))

    def _infer(self, _: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        time.sleep(self._seconds)
        return self._logits


def _message(array: npt.NDArray[Any], encoding: str, header: Any) -> Image:
    """Return a message as cv_bridge makes it."""
    message = Image(header=header, encoding=encoding)
    message.height, message.width = array.shape
    message.step = array.nbytes // message.height
    message.data.frombytes(array.tobytes())
    return message
