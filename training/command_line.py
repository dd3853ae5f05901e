"""The command line of a run: a preset, flags that change it, and where it is written."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Final

import tyro

from training.checkpoints import load_checkpoint
from training.reference_presets import ALL_PRESETS
from training.settings import TrainSettings

DEFAULT_PRESET: Final = 'demo'

CHANGEABLE_ON_RESUME: Final = frozenset(
    {'num_workers', 'num_threads', 'val_sets', 'frame_cache', 'composites_folder'}
)
"""Who reads the data and what it is measured on; none changes a step. Other paths may change where
both are given: then the data has moved."""


@dataclass(frozen=True, kw_only=True)
class RunChoice:
    """What the user asked for."""

    preset: str = DEFAULT_PRESET
    """demo: procedural drives, minutes. camvid: CamVid alone. realtime: the recipe of the shipped
    network. realtime-branch: an anomaly branch with a pattern memory on that, frozen.
    hopfield-pebal: the same branch on ESPNetv2 with its published weights. Published recipes on
    published weights: pebal, pebal-as-published, hopfield-pebal-deepwv3plus, densehybrid-deeplab,
    densehybrid-ldn121, rpl. The flags below start from its values."""
    out: Path | None = None
    """Folder of the run; default: runs/<date-time>."""
    resume: bool = False
    """Go on from last.pt in --out, with the settings stored there."""
    dry_run: bool = False
    """Say what would be trained, the memory that a batch needs and the steps of an epoch; write
    nothing."""
    settings: Annotated[TrainSettings, tyro.conf.arg(name='')]


def parse_run(argv: Sequence[str], *, description: str) -> tuple[Path, RunChoice]:
    """Read a command line.

    Returns:
        The folder of the run, and the choice.

    Raises:
        ValueError: --resume without --out or with other settings than the run's.
        FileNotFoundError: --resume where there is nothing to go on from.
        SystemExit: --help, an unknown preset or an unknown flag.
    """
    early = argparse.ArgumentParser(add_help=False)
    early.add_argument('--preset', default=DEFAULT_PRESET, choices=sorted(ALL_PRESETS))
    early.add_argument('--out', type=Path)
    early.add_argument('--resume', action='store_true')
    known, _ = early.parse_known_args(argv)
    start = ALL_PRESETS[known.preset]
    if known.resume:
        start = _settings_to_resume(known.out)
    choice = tyro.cli(
        RunChoice,
        args=list(argv),
        default=RunChoice(preset=known.preset, settings=start),
        description=description,
        config=(tyro.conf.FlagCreatePairsOff,),
    )
    if known.resume:
        _refuse_changes(start, choice.settings)
    return choice.out or Path('runs') / datetime.now().strftime('%Y-%m-%d_%H-%M-%S'), choice


def _settings_to_resume(out: Path | None) -> TrainSettings:
    if out is None:
        raise ValueError('--resume needs --out RUN, the folder of the run to go on with')
    return load_checkpoint(out / 'last.pt').settings


def _refuse_changes(stored: TrainSettings, asked: TrainSettings) -> None:
    was, now = _leaves(asdict(stored)), _leaves(asdict(asked))
    changed = sorted(
        name
        for name in was
        if was[name] != now[name]
        and name not in CHANGEABLE_ON_RESUME
        and not (isinstance(was[name], Path) and isinstance(now[name], Path))
    )
    if changed:
        listed = ', '.join(f'{name} {was[name]} -> {now[name]}' for name in changed)
        raise ValueError(
            f'--resume continues a run as it was, but this changes {listed}; leave these flags '
            'out, or start a new run'
        )


def _leaves(document: dict[str, Any], prefix: str = '') -> dict[str, Any]:
    """Return the values of nested settings by dotted name."""
    found: dict[str, Any] = {}
    for name, value in document.items():
        if isinstance(value, dict):
            found |= _leaves(value, f'{prefix}{name}.')
        else:
            found[f'{prefix}{name}'] = value
    return found


def check_writable(folder: Path) -> None:
    """Make the folder and prove that files can be written there, before any work.

    Raises:
        OSError: it cannot be made or written; the message says the remedy.
    """
    probe = folder / '.writable'
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(b'0' * 4096)
        probe.unlink()
    except OSError as error:
        raise OSError(f'cannot write into {folder} ({error}); choose another --out') from error


def say(text: str) -> None:
    """Tell the user, at once."""
    sys.stdout.write(f'{text}\n')
    sys.stdout.flush()
