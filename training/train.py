"""python -m training.train [--preset NAME] [--out RUN] [--flag value ...]: train a network.

Two stages: closed-set cross-entropy first, then fine-tuning for anomalies with pasted and rendered
outliers. Without arguments: preset demo, into runs/<date-time>. RUN gets settings.json, log.jsonl,
TensorBoard events, last.pt and best.pt (best by AP on validation data), calibrated at the end.
Ctrl-C saves; --out RUN --resume goes on. Many processes share each batch under
torchrun --nproc-per-node N -m training.train ... Then:
python -m training.export RUN/best.pt --out model.onnx
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import torch

from training.calibrate import calibrated, calibration_text
from training.checkpoints import load_checkpoint, save_checkpoint
from training.command_line import RunChoice, check_writable, parse_run, say
from training.composite_files import drop_composites, open_composites
from training.data.data_report import data_report, survey
from training.data.samples import TrainingSamples
from training.dry_run import dry_run
from training.initial_weights import fitting_files
from training.interrupts import interrupt_flag
from training.kept_composites import KeptComposites
from training.loop import run
from training.periodic_validation import PeriodicValidation
from training.processes import Processes, check_batch, device_of, joined_processes
from training.run_data import training_samples, training_sources
from training.run_log import RunLog
from training.run_state import RunState, restored_state, started_state
from training.settings import TrainSettings
from training.settings_json import settings_to_json
from training.step import BatchError, NotFiniteError

INTERRUPTED: Final = 130

_COMPOSITES: Final = 'composites'


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command; the exit code is 0 only where training came to its end."""
    arguments = sys.argv[1:] if argv is None else argv
    try:
        out, choice = parse_run(arguments, description=str(__doc__))
        if choice.dry_run:
            say(f'preset {choice.preset}\n{dry_run(choice.settings)}')
            return
        with joined_processes() as processes:
            if processes.is_first:
                _prepare(out, choice)
            is_finished = train(choice, out, processes)
    except (OSError, ValueError, NotFiniteError, BatchError) as error:
        sys.exit(f'error: {error}')
    except KeyboardInterrupt:
        say('\nstopped outside the training loop; frames rendered so far are kept')
        sys.exit(INTERRUPTED)
    if not processes.is_first:
        return
    if not is_finished:
        say(f'stopped and saved; go on with: python -m training.train --out {out} --resume')
        sys.exit(INTERRUPTED)
    say(f'next: python -m training.export {out / "best.pt"} --out model.onnx')


def _prepare(out: Path, choice: RunChoice) -> None:
    """Say what is going to happen, and make the folder of the run."""
    say(f'resuming {out}' if choice.resume else f'preset {choice.preset}, out {out}')
    check_writable(out)
    if (out / 'last.pt').exists() and not choice.resume:
        raise ValueError(f'{out} holds a run; go on with --resume, or choose another --out')
    settings = choice.settings
    network = settings.network
    is_partly_frozen = network.is_frozen or network.trained_parts
    if is_partly_frozen and not (network.weights or settings.start_from):
        raise ValueError(
            'a frozen network must have been trained: give --network.weights FILE, the published '
            f'weights of {network.kind}, or --start-from RUN/best.pt'
        )
    if not (network.weights or settings.start_from or choice.resume) and fitting_files(network):
        say(
            'all weights start at random; --network.weights takes a published file: '
            f'{fitting_files(network)}'
        )
    for warning in settings.warnings(num_classes=len(settings.inliers.classes)):
        say(f'warning: {warning}')
    (out / 'settings.json').write_text(settings_to_json(settings))


def train(choice: RunChoice, out: Path, processes: Processes) -> bool:
    """Train, validate and calibrate; return whether the run came to its end."""
    settings = choice.settings
    check_batch(settings, processes)
    torch.set_num_threads(settings.num_threads)
    torch.use_deterministic_algorithms(settings.is_deterministic)
    state = _first_state(choice, out, is_told=processes.is_first)
    with processes.first_goes_ahead():
        sources = training_sources(settings, out)
    samples = training_samples(settings, sources)
    if processes.is_first:
        say(data_report([survey(each) for each in sources], settings.inliers.classes))
        steps = f'{settings.total_steps} steps of {settings.batch_size}'
        say(f'{len(samples)} samples an epoch, {steps} on {state.device}')
    composites = _composites(state, settings, samples, out, processes)
    if processes.is_first:
        _run_and_write(state, settings, samples, out, processes, composites)
    else:
        _run_beside(state, settings, samples, processes, composites)
    is_finished = state.step >= settings.total_steps
    if is_finished and processes.is_first and settings.composites_folder is None:
        drop_composites(out / _COMPOSITES)
    if is_finished and processes.is_first:
        best = calibrated(load_checkpoint(out / 'best.pt'), out)
        save_checkpoint(best, out / 'best.pt')
        say(calibration_text(best))
    return is_finished


def _composites(
    state: RunState,
    settings: TrainSettings,
    samples: TrainingSamples,
    out: Path,
    processes: Processes,
) -> KeptComposites | None:
    if not settings.kept_composites or state.step >= settings.total_steps:
        return None
    with processes.first_goes_ahead():
        folder = settings.composites_folder or out / _COMPOSITES
        return open_composites(state.network, samples, settings, folder)


def _first_state(choice: RunChoice, out: Path, *, is_told: bool) -> RunState:
    settings, device = choice.settings, device_of(choice.settings)
    if choice.resume:
        return restored_state(load_checkpoint(out / 'last.pt'), device)
    state, taken = started_state(settings, device)
    if taken is not None and is_told:
        say(f'from {settings.start_from}: {taken}')
    return state


def _run_and_write(
    state: RunState,
    settings: TrainSettings,
    samples: TrainingSamples,
    out: Path,
    processes: Processes,
    composites: KeptComposites | None,
) -> None:
    """Run as the process that measures, logs and saves."""
    log = RunLog(out, settings.inliers.classes)
    try:
        validation = PeriodicValidation(settings, out, log, samples)
        with interrupt_flag() as is_stopped:
            run(
                state,
                settings,
                samples,
                log=log,
                after_step=validation.after_step,
                is_stopped=is_stopped,
                processes=processes,
                composites=composites,
            )
        save_checkpoint(state.checkpoint(settings), out / 'last.pt')
    finally:
        log.close()


def _run_beside(
    state: RunState,
    settings: TrainSettings,
    samples: TrainingSamples,
    processes: Processes,
    composites: KeptComposites | None,
) -> None:
    """Run as one of the other processes."""
    with interrupt_flag() as is_stopped:
        run(
            state,
            settings,
            samples,
            log=None,
            after_step=lambda _: None,
            is_stopped=is_stopped,
            processes=processes,
            composites=composites,
        )


if __name__ == '__main__':
    main()
