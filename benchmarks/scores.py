"""Cost of each score against its floor, and the worth of fusion: python -m benchmarks.scores.

Prints one JSON document. Costs are processor time of one thread, which other programs hardly
change. The floor is what the processor must at least do, at rates measured in the same run:
multiply-adds at that of a large matrix product, plus exponentials at that of torch.exp on a
cached array; or, where it is more, the bytes of inputs and energies at the bandwidth of a large
copy. --data DIR also measures the fused energy on every image of private sets below DIR
(weights/, train/, val/); --fused FILE takes a state of training.fit_scores.
"""

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import torch

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


@dataclass(frozen=True)
class Work:
    """What a score has to do for each pixel."""

    multiply_adds: int
    exponentials: int = 0
    reads_logits: bool = False


@dataclass(frozen=True)
class Machine:
    """What one thread can do in a second."""

    multiply_adds: float
    exponentials: float
    num_bytes: float

    def floor(self, work: Work) -> float:
        """Return the least seconds for a frame."""
        num_pixels = FEATURE_HW[0] * FEATURE_HW[1]
        values = WIDTH + 1 + (NUM_CLASSES if work.reads_logits else 0)
        arithmetic = (
            work.multiply_adds / self.multiply_adds + work.exponentials / self.exponentials
        )
        return num_pixels * max(arithmetic, _FLOAT_BYTES * values / self.num_bytes)


def cost_figures() -> list[Figure]:
    """Return each score's time on one frame, and over the floor for the matrix-shaped ones."""
    torch.manual_seed(0)
    torch.set_num_threads(1)
    features = torch.randn(1, WIDTH, *FEATURE_HW)
    readings = Readings(torch.randn(1, NUM_CLASSES, *FEATURE_HW), features)
    machine = measured_machine()
    figures = [
        Figure('machine_multiply_adds', machine.multiply_adds / 1e9, 'G/s', 'higher', None),
        Figure('machine_exponentials', machine.exponentials / 1e9, 'G/s', 'higher', None),
        Figure('machine_bandwidth', machine.num_bytes / 1e9, 'GB/s', 'higher', None),
    ]
    with torch.inference_mode():
        for name, (score, work) in _scores().items():
            seconds = _fastest(partial(score.energy, readings))
            over = seconds / machine.floor(work)
            target = None if name == 'knn' else TARGET  # it sorts, which no floor counts
            figures.append(Figure(f'{name}_ms', 1000 * seconds, 'ms', 'lower', None))
            figures.append(Figure(f'{name}_over_floor', over, 'times', 'lower', target))
    return figures


def _scores() -> dict[str, tuple[AnyScore, Work]]:
    """Return scores with random state, and their work."""
    ids = torch.arange(NUM_CLASSES)
    patterns = torch.nn.functional.normalize(
        torch.randn(NUM_CLASSES, PATTERNS_PER_CLASS, WIDTH), dim=2
    )
    flat, num_patterns = patterns.flatten(0, 1), NUM_CLASSES * PATTERNS_PER_CLASS
    learned, num_learned = torch.randn(NUM_CLASSES, 10, WIDTH), NUM_CLASSES * 10
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
            Work(NUM_CLASSES * WIDTH, reads_logits=True),
        ),
        'he': (
            He(HeSettings(), class_ids=ids, patterns=patterns),
            Work(num_patterns * WIDTH, num_patterns, reads_logits=True),
        ),
        'reclag': (
            RecLag(
                RecLagSettings(),
                class_ids=ids,
                patterns=learned,
                log_alpha=torch.zeros(NUM_CLASSES),
            ),
            Work(num_learned * WIDTH, num_learned, reads_logits=True),
        ),
        'hopfield_energy': (
            ModernHopfieldEnergy(ModernHopfieldSettings(), patterns=patterns),
            Work(num_patterns * WIDTH, num_patterns),
        ),
        'hopfield_retrieval': (
            HopfieldRetrieval(ModernHopfieldSettings(), patterns=patterns),
            Work(2 * num_patterns * WIDTH, num_patterns),
        ),
        'hopfield_boosting': (
            HopfieldBoosting(
                HopfieldBoostingSettings(), inlier_patterns=patterns, outlier_patterns=patterns
            ),
            Work(2 * num_patterns * WIDTH, 2 * num_patterns),
        ),
        'mahalanobis': (Mahalanobis(GaussianSettings(), mixture), Work(gaussian)),
        'heat_gmm': (
            HeatGmm(HeatGmmSettings(), mixture, ResidualEnergy(WIDTH, shape)),
            Work(gaussian + hidden, NUM_CLASSES),
        ),
        'knn': (
            NearestStored(NearestSettings(), patterns=flat),
            Work(num_patterns * WIDTH),
        ),
    }


def measured_machine() -> Machine:
    """Measure the rates of one thread, with nothing in them that a score would not need."""
    size = 2048
    left, right = torch.randn(size, size), torch.randn(size, size)
    cached, exponentials = torch.randn(1 << 16), torch.empty(1 << 16)
    source = torch.zeros(64 << 20)
    target = torch.empty_like(source)

    def exponentiate() -> None:
        for _ in range(256):
            torch.exp(cached, out=exponentials)

    return Machine(
        multiply_adds=size**3 / _fastest(lambda: left @ right),
        exponentials=256 * cached.numel() / _fastest(exponentiate),
        num_bytes=2 * _FLOAT_BYTES * source.numel() / _fastest(lambda: target.copy_(source)),
    )


def _fastest(work: Callable[[], object]) -> float:
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
