"""An engine that remembers what it was given, and images for it."""

import numpy as np

from hopfield_pebal_ros.inference.engine import NetworkMaps
from tests.tiny_model import TINY_METADATA


def random_image(hw: tuple[int, int], seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (*hw, 3), np.uint8)


class RecordingEngine:
    """An engine that keeps what it was given and answers with constant maps."""

    backend, device, precision = 'test', 'CPU', 'fp32'
    num_streams = 1

    def __init__(self, energy: float = 0.0) -> None:
        self.energy = energy
        self.batches: list[np.ndarray] = []
        self.is_closed = False

    def infer(self, images: np.ndarray) -> NetworkMaps:
        self.batches.append(images.copy())
        shape = (len(images), *TINY_METADATA.output_hw)
        return NetworkMaps(np.zeros(shape, np.uint8), np.full(shape, self.energy, np.float32))

    def close(self) -> None:
        self.is_closed = True
