"""python -m training.train [--preset NAME] [--out RUN] [--flag value ...]: train a network.

Trains a network with an anomaly energy from random weights: closed-set cross-entropy first, then
fine-tuning with pasted and rendered outliers. Without arguments: preset demo, into
runs/<date-time>. RUN gets settings.json, log.jsonl, TensorBoard events, last.pt and best.pt (best
by AP of the energy on held-back procedural drives), calibrated at the end. Ctrl-C saves;
--out RUN --resume goes on. Then: python -m training.export RUN/best.pt --out model.onnx
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import torch

from hopfield_pebal_ros.contract.labels import CITYSCAPES
from training.calibrate import calibrated, calibration_text
from training.checkpoints import load_checkpoint, save_checkpoint
from training.command_line import RunChoice, check_writable, parse_run, say
from training.interrupts import interrupt_flag
from training.loop import NotFiniteError, new_state, restored_state, run
from training.periodic_validation import PeriodicValidation
from training.run_data import training_samples
from training.run_log import RunLog

INTERRUPTED: Final = 130


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command; the exit code is 0 only where training came to its end."""
    arguments = sys.argv[1:] if argv is None else argv
    try:
        out, choice = parse_run(arguments, description=str(__doc__))
        say(f'resuming {out}' if choice.resume else f'preset {choice.preset}, out {out}')
        check_writable(out)
        if (out / 'last.pt').exists() and not choice.resume:
            raise ValueError(f'{out} holds a run; go on with --resume, or choose another --out')
        is_finished = train(choice, out)
    except (OSError, ValueError, NotFiniteError) as error:
        sys.exit(f'error: {error}')
    except KeyboardInterrupt:
        say('\nstopped outside the training loop; frames rendered so far are kept')
        sys.exit(INTERRUPTED)
    if not is_finished:
        say(f'stopped and saved; go on with: python -m training.train --out {out} --resume')
        sys.exit(INTERRUPTED)
    say(f'next: python -m training.export {out / "best.pt"} --out model.onnx')


def train(choice: RunChoice, out: Path) -> bool:
    """Train, validate and calibrate; return whether the run came to its end."""
    settings = choice.settings
    torch.set_num_threads(settings.num_threads)
    for warning in settings.warnings(num_classes=len(CITYSCAPES)):
        say(f'warning: {warning}')
    (out / 'settings.json').write_text(settings.to_json())
    samples = training_samples(settings, out)
    say(f'{len(samples)} samples an epoch, {settings.total_steps} steps of {settings.batch_size}')
    state = restored_state(load_checkpoint(out / 'last.pt')) if choice.resume else None
    state = state or new_state(settings)
    log = RunLog(out)
    try:
        validation = PeriodicValidation(settings, out, log)
        with interrupt_flag() as is_stopped:
            run(
                state,
                settings,
                samples,
                log=log,
                after_step=validation.after_step,
                is_stopped=is_stopped,
            )
        save_checkpoint(state.checkpoint(settings), out / 'last.pt')
    finally:
        log.close()
    if state.step < settings.total_steps:
        return False
    best = calibrated(load_checkpoint(out / 'best.pt'), out)
    save_checkpoint(best, out / 'best.pt')
    say(calibration_text(best))
    return True


if __name__ == '__main__':
    main()
