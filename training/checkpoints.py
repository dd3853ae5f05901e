"""Save and load a run: whole or not at all, and nothing in it that runs code."""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import torch
from torch import Tensor

from hopfield_pebal_ros.contract.metadata import Calibration
from training.losses.class_prototypes import ClassPrototypes
from training.margins import Margins
from training.models.fusion import Fusion
from training.settings import TrainSettings
from training.settings_json import settings_from_json, settings_to_json

FORMAT: Final = 2

Part = TypeVar('Part')


class CheckpointError(ValueError):
    """A checkpoint that cannot be read or written; the message says the remedy."""


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """Everything that continues or exports a run."""

    settings: TrainSettings
    step: int
    """Steps done."""
    network: Mapping[str, Tensor]
    """State dict of what is measured and exported: weights, batch norm statistics, patterns."""
    trained: Mapping[str, Tensor] | None
    """The same of what goes on being trained, where `network` is a moving average of it."""
    optimizer: Mapping[str, Any]
    scaler: Mapping[str, Any]
    """Of fp16 gradients; empty in other precisions."""
    random: list[Tensor]
    """States of torch's generators: CPU, then each GPU."""
    margins: Margins | None
    """Fixed where the anomaly stage begins."""
    prototypes: ClassPrototypes | None
    fusion: Fusion | None
    """How the energies make one, as last fitted; None before the first validation."""
    best_ap: float
    """Of the energy on validation data, -1 before the first validation that counts."""
    calibration: Calibration | None = None


def save_checkpoint(checkpoint: Checkpoint, path: Path) -> None:
    """Write a checkpoint; an older file of that name survives every failure.

    Raises:
        CheckpointError: the disk is full or the folder cannot be written.
    """
    document = {
        'format': FORMAT,
        'settings': settings_to_json(checkpoint.settings),
        'step': checkpoint.step,
        'network': dict(checkpoint.network),
        'trained': None if checkpoint.trained is None else dict(checkpoint.trained),
        'optimizer': dict(checkpoint.optimizer),
        'scaler': dict(checkpoint.scaler),
        'random': checkpoint.random,
        'margins': None if checkpoint.margins is None else asdict(checkpoint.margins),
        'prototypes': None if checkpoint.prototypes is None else vars(checkpoint.prototypes),
        'fusion': None if checkpoint.fusion is None else asdict(checkpoint.fusion),
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
    calibration = document['calibration']
    return Checkpoint(
        settings=settings_from_json(TrainSettings, document['settings']),
        step=document['step'],
        network=document['network'],
        trained=document['trained'],
        optimizer=document['optimizer'],
        scaler=document['scaler'],
        random=document['random'],
        margins=_built(Margins, document['margins']),
        prototypes=_built(ClassPrototypes, document['prototypes']),
        fusion=_built(Fusion, document['fusion']),
        best_ap=document['best_ap'],
        calibration=_built(Calibration, None if calibration is None else json.loads(calibration)),
    )


def _built(kind: type[Part], document: Mapping[str, Any] | None) -> Part | None:
    return None if document is None else kind(**document)
