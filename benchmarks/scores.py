"""Cost of each score against its floor, and the worth of fusion: python -m benchmarks.scores.

Prints one JSON document. Costs are processor time of one thread, which other programs hardly
change; the floor is multiply-adds over the rate of a large matrix product, or bytes over the
bandwidth of a large copy, measured in the same run. --data DIR also measures the fused energy on
private sets below DIR (weights/, train/, val/); --fused FILE takes a fitted one.
"""

import argparse
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

import torch
from torch import Tensor

from benchmarks.figures import Figure, to_json
from training.scores.gaussian_mixture import GaussianMixture, GaussianSettings
from training.scores.he import He, HeSettings
from training.scores.heat_gmm import HeatGmm, HeatGmmSettings
from training.scores.hopfield_boosting import HopfieldBoosting, HopfieldBoostingSettings
from training.scores.hopfield_energy import ModernHopfieldEnergy, ModernHopfieldSettings
from training.scores.hopfield_retrieval import HopfieldRetrieval
from training.scores.knn import NearestSettings, NearestStored
from training.scores.mahalanobis import Mahalanobis
from training.scores.readings import Readings
from training.scores.reclag import RecLag, RecLagSettings
from training.scores.residual_energy import ResidualEnergy, ResidualShape
from training.scores.score import AnyScore
from training.scores.she import She, SheSettings

FEATURE_HW: Final = (128, 256)
"""Stride 8 of 1024x2048."""
NUM_CLASSES: Final = 19
WIDTH: Final = 256
PATTERNS_PER_CLASS: Final = 64
TARGET: Final = 2.0
"""Times the floor."""

_REPEATS: Final = 3
_FLOAT_BYTES: Final = 4


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--data', type=Path)
    parser.add_argument('--fused', type=Path)
    arguments = parser.parse_args()
    figures = cost_figures()
    if arguments.data is not None:
        from benchmarks.scores_quality import quality_figures

        figures += quality_figures(arguments.data, arguments.fused)
    print(to_json(figures))  # noqa: T201


def cost_figures() -> list[Figure]:
    """Return each score's time on one frame, and over the floor for the matrix-shaped ones."""
    torch.manual_seed(0)
    torch.set_num_threads(1)
    features = torch.randn(1, WIDTH, *FEATURE_HW)
    readings = Readings(torch.randn(1, NUM_CLASSES, *FEATURE_HW), features)
    rate, bandwidth = _measured_rate(), _measured_bandwidth()
    figures = [
        Figure('machine_multiply_adds', rate / 1e9, 'G/s', 'higher', None),
        Figure('machine_bandwidth', bandwidth / 1e9, 'GB/s', 'higher', None),
    ]
    with torch.inference_mode():
        for name, (score, macs_per_pixel) in _scores().items():
            seconds = _fastest(partial(score.energy, readings))
            pixels = FEATURE_HW[0] * FEATURE_HW[1]
            moved = _FLOAT_BYTES * (features.numel() + readings.class_logits.numel() + pixels)
            floor = max(macs_per_pixel * pixels / rate, moved / bandwidth)
            is_matrix = macs_per_pixel >= WIDTH * NUM_CLASSES and name != 'knn'
            figures.append(Figure(f'{name}_ms', 1000 * seconds, 'ms', 'lower', None))
            figures.append(
                Figure(
                    f'{name}_over_floor',
                    seconds / floor,
                    'times',
                    'lower',
                    TARGET if is_matrix else None,
                )
            )
    return figures


def _scores() -> dict[str, tuple[AnyScore, int]]:
    """Return scores with random state, and their multiply-adds a pixel."""
    ids = torch.arange(NUM_CLASSES)
    patterns = torch.nn.functional.normalize(
        torch.randn(NUM_CLASSES, PATTERNS_PER_CLASS, WIDTH), dim=2
    )
    flat, all_patterns = patterns.flatten(0, 1), NUM_CLASSES * PATTERNS_PER_CLASS
    learned = torch.randn(NUM_CLASSES, 10, WIDTH)
    mixture = GaussianMixture(
        GaussianSettings(),
        whitening=torch.randn(WIDTH, WIDTH),
        means=torch.randn(NUM_CLASSES, WIDTH),
        log_weights=torch.zeros(NUM_CLASSES),
        log_determinant=torch.zeros(()),
    )
    shape = ResidualShape()
    hidden = shape.width * shape.width * shape.num_hidden + shape.width * (WIDTH + 1)
    gaussian = WIDTH * WIDTH + NUM_CLASSES * WIDTH
    return {
        'she': (
            She(SheSettings(), class_ids=ids, means=learned[:, 0].contiguous()),
            NUM_CLASSES * WIDTH,
        ),
        'he': (He(HeSettings(), class_ids=ids, patterns=patterns), all_patterns * WIDTH),
        'reclag': (
            RecLag(
                RecLagSettings(),
                class_ids=ids,
                patterns=learned,
                log_alpha=torch.zeros(NUM_CLASSES),
            ),
            NUM_CLASSES * 10 * WIDTH,
        ),
        'hopfield_energy': (
            ModernHopfieldEnergy(ModernHopfieldSettings(), patterns=patterns),
            all_patterns * WIDTH,
        ),
        'hopfield_retrieval': (
            HopfieldRetrieval(ModernHopfieldSettings(), patterns=patterns),
            2 * all_patterns * WIDTH,
        ),
        'hopfield_boosting': (
            HopfieldBoosting(
                HopfieldBoostingSettings(), inlier_patterns=patterns, outlier_patterns=patterns
            ),
            2 * all_patterns * WIDTH,
        ),
        'mahalanobis': (Mahalanobis(GaussianSettings(), mixture), gaussian),
        'heat_gmm': (
            HeatGmm(HeatGmmSettings(), mixture, ResidualEnergy(WIDTH, shape)),
            gaussian + hidden,
        ),
        'knn': (NearestStored(NearestSettings(), patterns=flat), all_patterns * WIDTH),
    }


def _measured_rate() -> float:
    """Return multiply-adds a second of a large matrix product in float32."""
    size = 2048
    left, right = torch.randn(size, size), torch.randn(size, size)
    return size**3 / _fastest(lambda: left @ right)


def _measured_bandwidth() -> float:
    """Return bytes a second, read and written, of a copy larger than the caches."""
    source = torch.zeros(64 << 20)
    target = torch.empty_like(source)
    return 2 * _FLOAT_BYTES * source.numel() / _fastest(lambda: target.copy_(source))


def _fastest(work: Callable[[], Tensor]) -> float:
    """Return the least processor seconds of several runs, after one that does not count."""
    work()
    times = []
    for _ in range(_REPEATS):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


if __name__ == '__main__':
    main()
