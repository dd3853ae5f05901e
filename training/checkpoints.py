"""Save and load a run: whole or not at all, and nothing in it that runs code."""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor

from hopfield_pebal_ros.contract.metadata import Calibration
from training.objective import Margins
from training.settings import TrainSettings, settings_from_json

FORMAT: Final = 1


class CheckpointError(ValueError):
    """A checkpoint that cannot be read or written; the message says the remedy."""


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """Everything that continues or exports a run."""

    settings: TrainSettings
    step: int
    """Steps done."""
    network: Mapping[str, Tensor]
    """State dict: weights and batch norm statistics."""
    optimizer: Mapping[str, Any]
    torch_rng: Tensor
    margins: Margins | None
    """Fixed at the end of the closed-set stage."""
    best_ap: float
    """Of the energy on held-back drives, -1 before the first validation that counts."""
    calibration: Calibration | None = None


def save_checkpoint(checkpoint: Checkpoint, path: Path) -> None:
    """Write a checkpoint; an older file of that name survives every failure.

    Raises:
        CheckpointError: the disk is full or the folder cannot be written.
    """
    document = {
        'format': FORMAT,
        'settings': checkpoint.settings.to_json(),
        'step': checkpoint.step,
        'network': dict(checkpoint.network),
        'optimizer': dict(checkpoint.optimizer),
        'torch_rng': checkpoint.torch_rng,
        'margins': None if checkpoint.margins is None else asdict(checkpoint.margins),
        'best_ap': checkpoint.best_ap,
        'calibration': (
            None if checkpoint.calibration is None else json.dumps(asdict(checkpoint.calibration))
        ),
    }
    partial = path.with_name(f'{path.name}.partial')
    try:
        with partial.open('wb') as file:
            torch.save(document, file)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except (OSError, RuntimeError) as error:  # torch reports a full disk as RuntimeError
        partial.unlink(missing_ok=True)
        raise CheckpointError(
            f'{path} was not written ({error}); an older one is intact. '
            'Free space or choose another --out, then continue with --resume'
        ) from error


def load_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint onto the CPU.

    Raises:
        FileNotFoundError: no such file.
        CheckpointError: truncated, of another program, or of another version.
    """
    if not path.is_file():
        raise FileNotFoundError(f'no checkpoint {path}; python -m training.train makes one')
    try:
        document = torch.load(path, map_location='cpu', weights_only=True)
    except (
        Exception
    ) as error:  # torch's reader answers foreign bytes with KeyError, IndexError, ...
        raise CheckpointError(
            f'{path} is truncated or no checkpoint ({type(error).__name__}); '
            'use the other one of best.pt and last.pt'
        ) from error
    if not isinstance(document, dict) or document.get('format') != FORMAT:
        found = document.get('format') if isinstance(document, dict) else type(document).__name__
        raise CheckpointError(
            f'{path} has format {found!r}, expected {FORMAT}; it is from another version or '
            'another program'
        )
    margins, calibration = document['margins'], document['calibration']
    return Checkpoint(
        settings=settings_from_json(document['settings']),
        step=document['step'],
        network=document['network'],
        optimizer=document['optimizer'],
        torch_rng=document['torch_rng'],
        margins=None if margins is None else Margins(**margins),
        best_ap=document['best_ap'],
        calibration=None if calibration is None else Calibration(**json.loads(calibration)),
    )
