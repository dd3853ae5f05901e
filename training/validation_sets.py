"""What a run is measured on while it goes: held-back drives, CamVid, real anomaly sets."""

from collections.abc import Mapping
from pathlib import Path
from typing import get_args

from training.data.benchmarks.options import BenchmarkOptions
from training.data.benchmarks.registry import DatasetName, open_benchmark
from training.data.frames import FrameSource
from training.settings import TrainSettings


def anomaly_sets(settings: TrainSettings) -> Mapping[str, FrameSource]:
    """Open the sets of `--val-sets NAME=DIR ...`, by name.

    Raises:
        ValueError: no such set, a set named twice, or one that is not in its folder.
    """
    found: dict[str, FrameSource] = {}
    for each in settings.val_sets:
        name, is_given, folder = each.partition('=')
        if not is_given or name not in get_args(DatasetName):
            raise ValueError(
                f'--val-sets takes NAME=DIR, got {each!r}; NAME is one of '
                f'{", ".join(get_args(DatasetName))}'
            )
        if name in found:
            raise ValueError(f'--val-sets names {name} twice; give each set once')
        options = BenchmarkOptions(root=Path(folder))
        try:
            opened = open_benchmark(name, options)  # type: ignore[arg-type]
        except ValueError as error:
            raise ValueError(f'--val-sets {each}: {error}') from error
        names = () if opened.label_set is None else opened.label_set.names
        if names != settings.inliers.classes.names[: len(names)]:
            raise ValueError(
                f'--val-sets {each} has other classes than --label-set '
                f'{settings.inliers.label_set}; evaluate it with training.evaluate afterwards'
            )
        found[name] = opened
    return found
