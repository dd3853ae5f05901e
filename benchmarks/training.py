"""Loop overhead, loader rate and loss memory of training: python -m benchmarks.training [--quick].

Prints one JSON document. Loop and loader are measured in the anomaly stage of preset realtime,
whose samples cost most, on a few procedural drives. --quick takes two steps on tiny crops to show
that it works; its figures have no targets.
"""

import argparse
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final
from unittest import mock

import torch
from torch import Tensor

from benchmarks.figures import Figure, to_json
from benchmarks.training_memory import memory_figures
from training import loop
from training.data.samples import Sample, TrainingSamples
from training.loop import batches, run
from training.presets import REALTIME
from training.run_data import training_samples, training_sources
from training.run_log import RunLog
from training.run_state import RunState, new_state
from training.settings import TrainSettings
from training.step import Batch, Stepper

WARM_UP: Final = 2
"""First steps, or batches, that are not counted."""

PRESET: Final = replace(
    REALTIME, num_drives=4, closed_set_steps=0, anomaly_steps=WARM_UP + 15, log_every=5
)
QUICK: Final = replace(
    PRESET,
    num_drives=1,
    network_hw=(64, 128),
    crop_hw=(64, 64),
    batch_size=2,
    anomaly_steps=WARM_UP + 2,
)


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument('--quick', action='store_true')
    is_quick = parser.parse_args().quick
    figures = loop_figures(QUICK if is_quick else PRESET)
    if is_quick:
        figures = [replace(each, target=None) for each in figures]
    else:
        figures += memory_figures()
    print(to_json(figures))  # noqa: T201


def loop_figures(settings: TrainSettings) -> list[Figure]:
    """Compare the loop, its steps, steps on one prepared batch, and the loader alone."""
    torch.set_num_threads(settings.num_threads)
    with TemporaryDirectory() as folder:
        samples = training_samples(settings, training_sources(settings, Path(folder)))
        batch, loader_s = _loader_seconds(samples, settings)
        state = new_state(settings)
        loop_s, inside_s = _loop_seconds(state, samples, settings, Path(folder))
        prepared_s = _prepared_seconds(state, batch, settings)
    return [
        Figure(
            'loop_overhead_share_of_step_at_realtime',
            1 - sum(inside_s) / sum(loop_s),
            'of the step',
            'lower',
            0.05,
        ),
        Figure(
            'loop_step_over_step_on_a_prepared_batch',
            median(loop_s) / median(prepared_s),
            'times; above 1 also because the loader shares the cores',
            'lower',
            None,
        ),
        Figure(
            'loader_rate_over_network_rate_with_one_worker',
            median(prepared_s) / loader_s,
            'times',
            'higher',
            2,
        ),
        Figure('realtime_step', median(prepared_s), 's', 'lower', None),
    ]


def _loader_seconds(samples: TrainingSamples, settings: TrainSettings) -> tuple[Sample, float]:
    """Return a batch, and the median seconds of one by the loader alone."""
    ends, found = [], []
    for batch in batches(samples, settings, first_step=0):
        ends.append(time.perf_counter())
        found = [batch]
    return found[0], median(_intervals(ends))


def _intervals(ends: list[float]) -> list[float]:
    return [end - before for before, end in pairwise(ends[WARM_UP - 1 :])]


class _Timed(Stepper):
    """Notes when a step began and ended."""

    times: Final[list[tuple[float, float]]] = []

    def take(self, batch: Batch) -> dict[str, Tensor]:
        started = time.perf_counter()
        terms = super().take(batch)
        self.times.append((started, time.perf_counter()))
        return terms


def _loop_seconds(
    state: RunState, samples: TrainingSamples, settings: TrainSettings, folder: Path
) -> tuple[list[float], list[float]]:
    """Return the seconds from the end of each step to that of the next, and those inside it."""
    with _log(folder) as log, mock.patch.object(loop, 'Stepper', _Timed):
        run(
            state,
            settings,
            samples,
            log=log,
            after_step=lambda _: None,
            is_stopped=lambda: False,
        )
    whole = _intervals([end for _, end in _Timed.times])
    return whole, [end - start for start, end in _Timed.times[WARM_UP:]]


def _prepared_seconds(state: RunState, batch: Sample, settings: TrainSettings) -> list[float]:
    state.step = 0
    stepper, seconds = Stepper(state, settings), []
    for _ in range(settings.anomaly_steps):
        started = time.perf_counter()
        stepper.take(batch)
        seconds.append(time.perf_counter() - started)
    return seconds[WARM_UP:]


@contextmanager
def _log(folder: Path) -> Iterator[RunLog]:
    log = RunLog(folder)
    try:
        yield log
    finally:
        log.close()


if __name__ == '__main__':
    main()
