"""The training loop: two stages, one step after another, stoppable at any of them."""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import NoReturn

import torch
from torch import Tensor
from torch.optim import AdamW
from torch.utils.data import DataLoader
from tqdm import tqdm

from hopfield_pebal_ros.contract.energy import pebal_energy
from hopfield_pebal_ros.contract.labels import IGNORE_ID, OUTLIER_ID
from training.checkpoints import Checkpoint
from training.data.samples import RunSampler, Sample, SampleKey, TrainingSamples
from training.data.workers import WORKER_START, start_worker
from training.models.deployed import normalised
from training.models.ladder_network import LadderNetwork
from training.networks import build_network
from training.objective import (
    Margins,
    anomaly_terms,
    at_loss_stride,
    class_weights_from,
    closed_set_terms,
    margins_from,
    total,
)
from training.run_log import RunLog
from training.settings import TrainSettings

_MARGIN_SAMPLES = 64


class NotFiniteError(RuntimeError):
    """The loss became infinite or not a number."""


@dataclass
class RunState:
    """What changes during a run."""

    network: LadderNetwork
    optimizer: AdamW
    step: int = 0
    margins: Margins | None = None
    best_ap: float = -1.0

    def checkpoint(self, settings: TrainSettings) -> Checkpoint:
        return Checkpoint(
            settings=settings,
            step=self.step,
            network=self.network.state_dict(),
            optimizer=self.optimizer.state_dict(),
            torch_rng=torch.get_rng_state(),
            margins=self.margins,
            best_ap=self.best_ap,
        )


def new_state(settings: TrainSettings) -> RunState:
    """Return the state before the first step, weights drawn from the run's seed."""
    torch.manual_seed(settings.seed)
    network = build_network(settings.network).to(memory_format=torch.channels_last)
    decayed = [each for each in network.parameters() if each.ndim > 1]
    others = [each for each in network.parameters() if each.ndim <= 1]
    optimizer = AdamW(
        [
            {'params': decayed, 'weight_decay': settings.weight_decay},
            {'params': others, 'weight_decay': 0.0},
        ],
        lr=settings.learning_rate,
    )
    return RunState(network, optimizer)


def restored_state(checkpoint: Checkpoint) -> RunState:
    """Return the state that a checkpoint holds; it goes on as if it had never stopped."""
    state = new_state(checkpoint.settings)
    state.network.load_state_dict(dict(checkpoint.network))
    state.optimizer.load_state_dict(dict(checkpoint.optimizer))
    torch.set_rng_state(checkpoint.torch_rng)
    return replace(
        state, step=checkpoint.step, margins=checkpoint.margins, best_ap=checkpoint.best_ap
    )


def learning_rate_at(step: int, settings: TrainSettings) -> float:
    """Linear warm-up, then half a cosine to zero; each stage has its own."""
    peak, count = settings.learning_rate, settings.closed_set_steps
    if step >= count:
        step, peak, count = step - count, settings.anomaly_learning_rate, settings.anomaly_steps
    warmup = max(1, round(settings.warmup_share * count))
    if step < warmup:
        return peak * (step + 1) / warmup
    return peak * 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(1, count - warmup)))


def run(
    state: RunState,
    settings: TrainSettings,
    samples: TrainingSamples,
    *,
    log: RunLog,
    after_step: Callable[[RunState], None],
    is_stopped: Callable[[], bool],
) -> None:
    """Train from `state.step` to the end, or until `is_stopped`.

    Args:
        state: changed in place.
        settings: of the run.
        samples: every batch follows from settings and step alone.
        log: where the terms of the loss go.
        after_step: called after each step; validates and saves when it is time.
        is_stopped: asked after each step.

    Raises:
        NotFiniteError: the loss is not finite; the step was not taken.
    """
    histogram = torch.from_numpy(samples.label_histogram())[: state.network.num_classes]
    class_weights = class_weights_from(histogram, balance=settings.losses.class_balance)
    bar = tqdm(total=settings.total_steps, initial=state.step, unit='step', smoothing=0.05)
    started, done = time.perf_counter(), 0
    with bar:
        for batch in batches(samples, settings, first_step=state.step):
            if state.step >= settings.closed_set_steps and state.margins is None:
                state.margins = find_margins(state.network, samples, settings)
                log.write(state.step, 'margins', vars(state.margins))
            terms = train_step(state, batch, settings, class_weights)
            done += 1
            bar.update()
            if state.step % settings.log_every == 0 or state.step == settings.total_steps:
                rate = done * settings.batch_size / (time.perf_counter() - started)
                _report(state, settings, terms, images_per_s=rate, bar=bar, log=log)
            after_step(state)
            if is_stopped():
                return


def batches(
    samples: TrainingSamples, settings: TrainSettings, *, first_step: int
) -> Iterator[Sample]:
    """Yield the batches of the run from `first_step` on."""
    sampler = RunSampler(
        len(samples),
        seed=settings.seed,
        batch_size=settings.batch_size,
        steps=range(first_step, settings.total_steps),
        first_exposed_step=settings.closed_set_steps,
    )
    loader = DataLoader(
        samples,
        batch_sampler=sampler,
        num_workers=settings.num_workers,
        worker_init_fn=start_worker,
        prefetch_factor=3 if settings.num_workers else None,
        multiprocessing_context=WORKER_START if settings.num_workers else None,
    )
    yield from loader


def train_step(
    state: RunState, batch: Sample, settings: TrainSettings, class_weights: Tensor | None = None
) -> dict[str, float]:
    """Take one step and return the terms of its loss.

    Raises:
        NotFiniteError: names the samples; the weights are as before.
    """
    state.network.train()
    rate = learning_rate_at(state.step, settings)
    for group in state.optimizer.param_groups:
        group['lr'] = rate
    terms = loss_terms(state, batch, settings, class_weights)
    loss = total(terms)
    if not torch.isfinite(loss):
        values = {name: term.item() for name, term in terms.items()}
        raise NotFiniteError(
            f'loss is not finite at step {state.step}: {values}; samples '
            f'{", ".join(batch.name)}; lower the learning rate, or use --precision fp32'
        )
    state.optimizer.zero_grad(set_to_none=True)
    loss.backward()
    state.optimizer.step()
    state.step += 1
    return {'loss': loss.item(), **{name: term.item() for name, term in terms.items()}}


def loss_terms(
    state: RunState, batch: Sample, settings: TrainSettings, class_weights: Tensor | None
) -> dict[str, Tensor]:
    """Return the weighted terms of the stage that `state.step` is in."""
    image = normalised(batch.image).contiguous(memory_format=torch.channels_last)
    with torch.autocast('cpu', torch.bfloat16, enabled=settings.precision == 'bf16'):
        logits = state.network(image)
    logits, labels = at_loss_stride(logits, batch.labels, stride=settings.losses.loss_stride)
    if state.step < settings.closed_set_steps:
        return closed_set_terms(logits, labels, class_weights)
    if state.margins is None:
        raise RuntimeError('the anomaly stage needs margins; call find_margins first')
    return anomaly_terms(
        logits,
        labels,
        losses=settings.losses,
        payoff=settings.payoff,
        margins=state.margins,
        class_weights=class_weights,
    )


def find_margins(
    network: LadderNetwork, samples: TrainingSamples, settings: TrainSettings
) -> Margins:
    """Place the margins by the inlier energies of training samples without pasted outliers."""
    network.eval()
    energies = []
    with torch.inference_mode():
        for index in range(0, len(samples), max(1, len(samples) // _MARGIN_SAMPLES)):
            sample = samples[SampleKey(0, index, has_outliers=False)]
            logits, labels = at_loss_stride(
                network(normalised(sample.image[None])), sample.labels[None], stride=4
            )
            energy = pebal_energy(logits, num_classes=network.num_classes)
            energies.append(energy[(labels != OUTLIER_ID) & (labels != IGNORE_ID)])
    return margins_from(torch.cat(energies), settings.losses)


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
    bar.set_description(stage)
    bar.set_postfix_str(f'loss {terms["loss"]:.3f}, {images_per_s:.1f} images/s')
    rate = learning_rate_at(state.step - 1, settings)
    log.write(
        state.step,
        'train',
        {'stage': stage, **terms, 'learning_rate': rate, 'images_per_s': images_per_s},
    )
