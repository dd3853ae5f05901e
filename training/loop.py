"""The training loop: two stages, one step after another, stoppable at any of them."""

import sys
import time
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Sampler
from tqdm import tqdm

from training.class_weights import class_weights_from
from training.data.samples import RunSampler, Sample, SampleKey, TrainingSamples
from training.data.workers import WORKER_START, start_worker
from training.kept_composites import KeptComposites, MapCrops
from training.labelled_outputs import at_loss_stride
from training.losses.world import World
from training.margins import Margins, margins_from
from training.memory_fill import fill_stored_patterns
from training.models.deployed import normalised
from training.processes import LOG_FILE_INTERVAL_S, Processes
from training.run_log import RunLog
from training.run_state import RunState
from training.schedule import learning_rate_at
from training.settings import TrainSettings
from training.step import Stepper

_MARGIN_SAMPLES = 64


def run(
    state: RunState,
    settings: TrainSettings,
    samples: TrainingSamples,
    *,
    log: RunLog | None,
    after_step: Callable[[RunState], None],
    is_stopped: Callable[[], bool],
    processes: Processes | None = None,
    composites: KeptComposites | None = None,
) -> None:
    """Train from `state.step` to the end, or until `is_stopped`.

    Args:
        state: changed in place.
        settings: of the run.
        samples: every batch follows from settings and step alone.
        log: where the terms of the loss go; None: nowhere, as on all processes but the first.
        after_step: called after each step; validates and saves when it is time.
        is_stopped: asked after each step; one process that stops stops all.
        processes: those that share each batch.
        composites: what crops are cut out of instead of rendering each.

    Raises:
        NotFiniteError: the loss is not finite; the step was not taken.
        BatchError: a batch does not fit.
    """
    processes = processes or Processes()
    world = World(processes.count)
    histogram = torch.from_numpy(samples.label_histogram())[: state.network.num_classes]
    class_weights = class_weights_from(histogram, balance=settings.losses.class_balance)
    stepper = Stepper(state, settings, class_weights=class_weights, processes=processes)
    bar = tqdm(
        total=settings.total_steps,
        initial=state.step,
        unit='step',
        smoothing=0.05,
        disable=log is None,
        mininterval=0.5 if sys.stderr.isatty() else LOG_FILE_INTERVAL_S,
    )
    started, done = time.perf_counter(), 0
    with bar:
        for batch in _batches(samples, composites, settings, state.step, processes):
            if state.margins is None and _needs_margins(state.step, settings):
                state.margins = _shared_margins(state, samples, settings, processes)
                if log is not None:
                    log.write(state.step, 'margins', vars(state.margins))
            if state.step == settings.closed_set_steps:
                fill_stored_patterns(state.network, samples)
            terms = stepper.take(batch)
            done += 1
            bar.update()
            if state.step % settings.log_every == 0 or state.step == settings.total_steps:
                values = _averaged(terms, world)
                rate = done * settings.batch_size / (time.perf_counter() - started)
                if log is not None:
                    _report(state, settings, values, images_per_s=rate, bar=bar, log=log)
            after_step(state)
            if world.sum(torch.tensor(is_stopped(), dtype=torch.int32, device=state.device)):
                return


def _batches(
    samples: TrainingSamples,
    composites: KeptComposites | None,
    settings: TrainSettings,
    first_step: int,
    processes: Processes,
) -> Iterator[Sample] | Iterator[MapCrops]:
    if composites is not None:
        return composites.batches(settings, first_step=first_step, processes=processes)
    return batches(samples, settings, first_step=first_step, processes=processes)


class _ShareSampler(Sampler[list[SampleKey]]):
    """This process's share of each batch."""

    def __init__(self, whole: RunSampler, processes: Processes) -> None:
        self._whole = whole
        self._processes = processes

    def __len__(self) -> int:
        return len(self._whole)

    def __iter__(self) -> Iterator[list[SampleKey]]:
        return map(self._processes.share_of, self._whole)


def batches(
    samples: TrainingSamples,
    settings: TrainSettings,
    *,
    first_step: int,
    processes: Processes | None = None,
) -> Iterator[Sample]:
    """Yield the batches of the run from `first_step` on, or this process's share of them."""
    sampler = RunSampler(
        len(samples),
        seed=settings.seed,
        batch_size=settings.batch_size,
        steps=range(first_step, settings.total_steps),
        first_exposed_step=settings.closed_set_steps,
    )
    has_workers = settings.num_workers > 0
    options: dict[str, Any] = (
        {'prefetch_factor': 3, 'multiprocessing_context': WORKER_START} if has_workers else {}
    )
    yield from DataLoader(
        samples,
        batch_sampler=_ShareSampler(sampler, processes or Processes()),
        num_workers=settings.num_workers,
        worker_init_fn=start_worker,
        pin_memory=torch.cuda.is_available(),
        generator=torch.Generator(),  # else each iterator draws from that of dropout
        **options,
    )


def _needs_margins(step: int, settings: TrainSettings) -> bool:
    return step >= settings.closed_set_steps and settings.losses.margin_weight > 0


def find_margins(state: RunState, samples: TrainingSamples, settings: TrainSettings) -> Margins:
    """Place the margins by the inlier energies of training samples without pasted outliers."""
    network = state.network.eval()
    energies = []
    with torch.inference_mode():
        for index in range(0, len(samples), max(1, len(samples) // _MARGIN_SAMPLES)):
            sample = samples[SampleKey(0, index, has_outliers=False)]
            outputs = network(normalised(sample.image[None].to(state.device)))
            labelled = at_loss_stride(outputs, sample.labels[None].to(state.device), stride=4)
            energies.append(labelled.pebal_energy[labelled.inlier].cpu())
    return margins_from(torch.cat(energies), settings.losses)


def _shared_margins(
    state: RunState, samples: TrainingSamples, settings: TrainSettings, processes: Processes
) -> Margins:
    """Return the margins of the first process: running statistics of batch norm may differ."""
    own = find_margins(state, samples, settings)
    values = torch.tensor([own.inlier, own.outlier], dtype=torch.float64, device=state.device)
    return Margins(*World(processes.count).sum(values * processes.is_first).tolist())


def _averaged(terms: dict[str, Tensor], world: World) -> dict[str, float]:
    """Return the terms of the whole batch: means over the processes."""
    values = world.sum(torch.stack(list(terms.values()))) / world.num_processes
    return dict(zip(terms, values.tolist(), strict=True))


def _report(
    state: RunState,
    settings: TrainSettings,
    terms: dict[str, float],
    *,
    images_per_s: float,
    bar: 'tqdm[NoReturn]',
    log: RunLog,
) -> None:
    stage = 'closed set' if state.step <= settings.closed_set_steps else 'anomaly'
    bar.set_description(stage, refresh=False)
    bar.set_postfix_str(f'loss {terms["loss"]:.3f}, {images_per_s:.1f} images/s', refresh=False)
    rate = learning_rate_at(state.step - 1, settings)
    log.write(
        state.step,
        'train',
        {'stage': stage, **terms, 'learning_rate': rate, 'images_per_s': images_per_s},
    )
