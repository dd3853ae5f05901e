"""The default model alone, one image at a time: python -m benchmarks.node_inference.

Prints a JSON list of times [ms].
"""

import json
import time

import numpy as np

from hopfield_pebal_ros.inference.detector import AnomalyDetector
from hopfield_pebal_ros.scenes.drive import Drive

NUM_FRAMES = 30
PERIOD_S = 1 / 3


def main() -> None:
    detector = AnomalyDetector.open()
    network_hw = detector.metadata.network_hw
    images = np.ascontiguousarray(Drive(3, image_hw=network_hw).frame(0).image_rgb[None])
    times_ms = []
    for _ in range(NUM_FRAMES):
        time.sleep(PERIOD_S)  # as in the node, the processor is cool between two images
        start_s = time.perf_counter()
        detector.engine.infer(images)
        times_ms.append((time.perf_counter() - start_s) * 1e3)
    print(json.dumps(times_ms))  # noqa: T201


if __name__ == '__main__':
    main()
