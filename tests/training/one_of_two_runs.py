"""python -m tests.training.one_of_two_runs RANK FOLDER: its part in every shared run."""

import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import torch
import torch.distributed as dist

from tests.training.conftest import PaintedFrames
from tests.training.every_term import EVERY_TERM, batch_of, freeze_every_norm, part_of
from training.data.frames import WeightedSource
from training.loop import run
from training.margins import Margins
from training.processes import Processes
from training.run_data import training_samples
from training.run_state import new_state
from training.step import Stepper

EXPOSED = {'all': range(4), 'in one process': (0, 1), 'one sample': (3,), 'none': ()}
"""Which of a batch's four samples have outliers."""

STEPPED = replace(EVERY_TERM, closed_set_steps=0, warmup_share=0.0)
WITHOUT_PROTOTYPES = replace(STEPPED, losses=replace(STEPPED.losses, prototype_weight=0.0))
"""Prototypes move with each part of a batch, so that their term differs."""


class Terms:
    """A log that keeps what it is told."""

    def __init__(self):
        self.lines = []

    def write(self, step, kind, values):
        self.lines.append((step, kind, dict(values)))


def run_of(settings, processes, *, stop_at=None, has_frozen_norm=True):
    """Run both stages; return what came of them."""
    samples = training_samples(settings, [WeightedSource(PaintedFrames())])
    state, log = new_state(settings), Terms()
    if has_frozen_norm:
        freeze_every_norm(state.network)
    run(
        state,
        settings,
        samples,
        log=log if processes.is_first else None,
        after_step=lambda _: None,
        is_stopped=lambda: state.step == stop_at,
        processes=processes,
    )
    return result_of(state) | {'log': log.lines}


def steps_on(batch, settings, processes):
    """Take three steps of the anomaly stage on one batch."""
    state = new_state(settings)
    freeze_every_norm(state.network)
    state.margins = Margins(-3.0, -1.0)
    stepper = Stepper(state, settings, processes=processes)
    terms = [stepper.take(batch) for _ in range(3)]
    return result_of(state) | {'terms': terms}


def result_of(state):
    return {
        'step': state.step,
        'margins': state.margins,
        'weights': dict(state.network.state_dict()),
        'average': dict(state.measured.state_dict()),
        'prototypes': vars(state.prototypes) if state.prototypes else None,
    }


def cases(processes):
    """Yield name and result of each run that processes share, or that one does alone."""
    yield 'both stages', run_of(EVERY_TERM, processes)
    for name, exposed in EXPOSED.items():
        batch = batch_of(4, exposed=exposed)
        if processes.count == 2:
            batch = part_of(batch, processes.rank)
        yield f'outliers: {name}', steps_on(batch, STEPPED, processes)


def main():
    rank, folder = int(sys.argv[1]), Path(sys.argv[2])
    torch.set_num_threads(1)
    dist.init_process_group(
        'gloo',
        init_method=(folder / 'rendezvous').as_uri(),
        rank=rank,
        world_size=2,
        timeout=timedelta(seconds=300),
    )
    processes = Processes(rank, 2)
    found = dict(cases(processes))
    accumulated = replace(WITHOUT_PROTOTYPES, accumulation_steps=2)
    batch = part_of(batch_of(4, exposed=range(4)), rank)
    found['accumulated'] = steps_on(batch, accumulated, processes)
    found['one stops'] = run_of(EVERY_TERM, processes, stop_at=2 if rank == 1 else None)
    moving = replace(EVERY_TERM.network, has_frozen_norm=False)
    found['moving norm'] = run_of(
        replace(EVERY_TERM, network=moving), processes, has_frozen_norm=False
    )
    torch.save(found, folder / f'{rank}.pt')
    dist.destroy_process_group()


if __name__ == '__main__':
    main()
