"""Memory of a running model: python -m benchmarks.engine_memory MODEL BACKEND PRECISION.

Opens the detector as the node does, runs a few camera frames and prints the peak resident set
[MB], Python and every library included. Linux only.
"""

import sys
from pathlib import Path
from typing import cast

import numpy as np

from benchmarks.engine_variants import Variant
from benchmarks.machine import peak_memory_mb
from hopfield_pebal_ros.inference.engine import Backend, RunPrecision

NUM_FRAMES = 5
CAMERA_HW = (1080, 1920)


def main() -> None:
    model, backend, precision = sys.argv[1:4]
    variant = Variant(cast(Backend, backend), cast(RunPrecision, precision), Path(model))
    detector = variant.open()
    frame = np.random.default_rng(0).integers(0, 256, (*CAMERA_HW, 3), np.uint8)
    for _ in range(NUM_FRAMES):
        (detection,) = detector.detect([frame], color_order='bgr')
        detection.labels_at_camera()
        detection.energy_at_camera()
    print(peak_memory_mb())  # noqa: T201


if __name__ == '__main__':
    main()
