"""Peak memory and time of counting frames: python -m benchmarks.metrics_memory 100.

Prints the peak of the whole process in MiB (Python, NumPy, OpenCV and one frame included) and
the seconds of counting; run by `benchmarks.metrics`. Linux only.
"""

import sys
import time
from pathlib import Path

import numpy as np

from benchmarks.metrics import FRAME_HW, synthetic_pixels
from hopfield_pebal_ros.evaluation.pixel_metrics import PixelCounter


def main() -> None:
    num_frames = int(sys.argv[1])
    energy, outlier = synthetic_pixels(FRAME_HW[0] * FRAME_HW[1], seed=1)
    energy, outlier = energy.reshape(FRAME_HW), outlier.reshape(FRAME_HW)
    valid = np.ones(FRAME_HW, np.bool_)
    valid[-100:] = False  # the bonnet
    shifts = np.random.default_rng(2).uniform(-0.5, 0.5, num_frames).astype(np.float32)
    Path('/proc/self/clear_refs').write_text('5')  # forget the peak of making the frame
    seconds = 0.0
    counter = PixelCounter()
    for step in np.diff(shifts, prepend=np.float32(0)):
        energy += step  # every frame is another one
        start = time.perf_counter()
        counter.add(energy, outlier, valid)
        seconds += time.perf_counter() - start
    start = time.perf_counter()
    counter.figures()
    seconds += time.perf_counter() - start
    print(f'{_peak_mib():.1f} {seconds:.3f}')  # noqa: T201


def _peak_mib() -> float:
    for line in Path('/proc/self/status').read_text().splitlines():
        if line.startswith('VmHWM:'):
            return int(line.split()[1]) / 1024
    raise RuntimeError('/proc/self/status has no VmHWM line: is this Linux?')


if __name__ == '__main__':
    main()
