"""Speed, memory and error of the metrics: python -m benchmarks.metrics.

Prints one JSON document. Needs scikit-learn (extra `test`) for the comparison.
"""

import importlib
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

from benchmarks.figures import Figure, to_json
from hopfield_pebal_ros.evaluation.component_metrics import NO_FILTER, match_components
from hopfield_pebal_ros.evaluation.pixel_metrics import PixelCounter

NUM_PIXELS: Final = 20_000_000
FRAME_HW: Final = (1024, 2048)
OUTLIER_SHARE: Final = 0.003
BLOB_SPACING_PX: Final = 24
NUM_BLOBS: Final = 3400


def main() -> None:
    figures = [*_against_scikit_learn(), *_memory_and_time(), _components()]
    print(to_json(figures))  # noqa: T201


def synthetic_pixels(num_pixels: int, seed: int) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Return float32 energies around -12 and which of them are outliers, 0.3 %."""
    rng = np.random.default_rng(seed)
    outlier = rng.random(num_pixels, np.float32) < OUTLIER_SHARE
    energy = 2 * rng.standard_normal(num_pixels, np.float32) - 12
    energy[outlier] += 5
    return energy, outlier


def _against_scikit_learn() -> list[Figure]:
    sklearn_metrics = _scikit_learn()
    energy, outlier = synthetic_pixels(NUM_PIXELS, seed=0)

    def theirs() -> dict[str, float]:
        fpr, tpr, _ = sklearn_metrics.roc_curve(outlier, energy)
        ap = sklearn_metrics.average_precision_score(outlier, energy)
        auroc = sklearn_metrics.auc(fpr, tpr)
        return {'ap': ap, 'auroc': auroc, 'fpr95': fpr[np.searchsorted(tpr, 0.95)]}

    def ours() -> Any:
        counter = PixelCounter()
        counter.add(energy, outlier)
        return counter.figures()

    exact, their_seconds = _timed(theirs)
    streamed, our_seconds = min((_timed(ours) for _ in range(3)), key=lambda timed: timed[1])
    figures = [
        Figure(
            'pixel_metrics_speed_over_scikit_learn_20_mpx',
            their_seconds / our_seconds,
            'times',
            'higher',
            20,
        ),
        Figure('pixel_metrics_20_mpx', our_seconds, 's', 'lower', None),
    ]
    for name, value in exact.items():
        error = abs(getattr(streamed, name) - float(value))
        figures.append(Figure(f'{name}_error_to_scikit_learn', error, 'fraction', 'lower', 1e-4))
    return figures


def _scikit_learn() -> Any:
    try:
        return importlib.import_module('sklearn.metrics')
    except ModuleNotFoundError as error:
        raise SystemExit(
            f'the comparison needs scikit-learn ({error}): pip install -e .[test]'
        ) from error


def _memory_and_time() -> list[Figure]:
    few, many = _measure_frames(100), _measure_frames(1000)
    return [
        Figure('peak_process_memory_100_frames', few['mib'], 'MiB', 'lower', 190),  # 200 MB
        Figure('peak_process_memory_1000_frames', many['mib'], 'MiB', 'lower', 190),
        Figure(
            'peak_memory_1000_over_100_frames', many['mib'] / few['mib'], 'times', 'lower', 1.15
        ),
        Figure('seconds_per_frame_100_frames', few['seconds'] / 100, 's', 'lower', None),
        Figure(
            'time_per_frame_1000_over_100_frames',
            many['seconds'] / 1000 / (few['seconds'] / 100),
            'times',
            'lower',
            1.2,
        ),
    ]


def _measure_frames(num_frames: int) -> dict[str, float]:
    """Count frames in a process of its own, because a peak never falls again."""
    command = [sys.executable, '-m', 'benchmarks.metrics_memory', str(num_frames)]
    answer = subprocess.run(command, capture_output=True, text=True, check=True, timeout=900)
    mib, seconds = answer.stdout.split()
    return {'mib': float(mib), 'seconds': float(seconds)}


def _components() -> Figure:
    predicted, outlier = blobs()
    num_components = cv2.connectedComponents(predicted.view(np.uint8), connectivity=8)[0] - 1
    if num_components < NUM_BLOBS:
        raise RuntimeError(f'{num_components} components drawn, {NUM_BLOBS} wanted')
    valid = np.ones_like(outlier)
    seconds = [
        _timed(lambda: match_components(predicted, outlier, valid, NO_FILTER))[1] for _ in range(5)
    ]
    return Figure(
        'component_metrics_2_mpx_3400_components',
        1000 * float(np.median(seconds)),
        'ms',
        'lower',
        100,
    )


def blobs() -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Return a frame of 3400 small predictions, and objects of which every third is hit."""
    predicted, objects = np.zeros(FRAME_HW, np.uint8), np.zeros(FRAME_HW, np.uint8)
    columns = FRAME_HW[1] // BLOB_SPACING_PX
    for index in range(NUM_BLOBS):
        row, column = divmod(index, columns)
        center = (column * BLOB_SPACING_PX + 12, row * BLOB_SPACING_PX + 12)
        cv2.circle(predicted, center, 5 + index % 4, 1, cv2.FILLED)
        if index % 3 == 0:
            cv2.circle(objects, (center[0] + 2, center[1]), 6, 1, cv2.FILLED)
    return predicted.astype(np.bool_), objects.astype(np.bool_)


def _timed(function: Callable[[], Any]) -> tuple[Any, float]:
    start = time.perf_counter()
    result = function()
    return result, time.perf_counter() - start


if __name__ == '__main__':
    main()
