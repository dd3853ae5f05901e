"""Counters of one shard in a small npz file, and the sum of all shards."""

import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.evaluation.shards import Shard

FORMAT: Final = 1

Arrays = dict[str, npt.NDArray[Any]]


class Counter(Protocol):
    """Every counter of this folder: it can be added up and written down."""

    def merge(self, other: Any) -> None: ...

    def to_arrays(self) -> dict[str, Any]: ...

    @classmethod
    def from_arrays(cls, arrays: dict[str, Any]) -> Any: ...


@dataclass(frozen=True)
class ShardCounters:
    """What one shard counted."""

    shard: Shard
    run: str  # what must agree among shards: model, data set, checksum of its file list
    counters: Mapping[str, Counter]  # by a name of the caller's choice, without a slash


def save_counters(path: Path, part: ShardCounters) -> None:
    """Write one shard as a compressed npz file without pickled objects."""
    arrays: dict[str, Any] = {
        'format': np.array(FORMAT),
        'shard': np.array([part.shard.index, part.shard.count]),
        'run': np.array(part.run),
    }
    for name, counter in part.counters.items():
        arrays |= {f'{name}/{key}': value for key, value in counter.to_arrays().items()}
    with path.open('wb') as stream:
        np.savez_compressed(stream, **arrays)


def load_counters(path: Path, kinds: Mapping[str, type[Counter]]) -> ShardCounters:
    """Read one shard.

    Args:
        path: a file of `save_counters`.
        kinds: the counters to read, by name.

    Raises:
        ValueError: the file is not one of counters, has another format, or lacks a counter.
    """
    arrays = _read(path)
    if 'format' not in arrays or int(arrays['format']) != FORMAT:
        raise ValueError(
            f'{path} is not a counter file of format {FORMAT}: make it with evaluate --shard i/n '
            'of this version'
        )
    counters = {}
    for name, kind in kinds.items():
        start = f'{name}/'
        own = {key[len(start) :]: each for key, each in arrays.items() if key.startswith(start)}
        if not own:
            names = sorted({key.partition('/')[0] for key in arrays if '/' in key})
            raise ValueError(
                f'{path} has no counter {name!r}, only {names}: run all shards with the same flags'
            )
        counters[name] = kind.from_arrays(own)
    index, count = (int(value) for value in arrays['shard'])
    return ShardCounters(Shard(index, count), str(arrays['run']), counters)


def merge_shards(paths: Sequence[Path], kinds: Mapping[str, type[Counter]]) -> ShardCounters:
    """Add up all shards of one run.

    Raises:
        ValueError: a shard is missing or there twice, or the shards are of different runs.
    """
    if not paths:
        raise ValueError('no counter file to merge: give the files that evaluate --shard wrote')
    parts = [load_counters(path, kinds) for path in paths]
    first = parts[0]
    for path, part in zip(paths, parts, strict=True):
        if part.run != first.run:
            raise ValueError(
                f'{path} is of another run ({part.run}) than {paths[0]} ({first.run}): merge '
                'shards of one model on one data set'
            )
    found = sorted((part.shard.count, part.shard.index) for part in parts)
    expected = [(first.shard.count, index + 1) for index in range(first.shard.count)]
    if found != expected:
        texts = ', '.join(f'{index}/{count}' for count, index in found)
        raise ValueError(
            f'got shards {texts}; expected each of 1/{first.shard.count} to '
            f'{first.shard.count}/{first.shard.count} once'
        )
    for part in parts[1:]:
        for name, counter in part.counters.items():
            first.counters[name].merge(counter)
    return ShardCounters(Shard(1, 1), first.run, first.counters)


def _read(path: Path) -> Arrays:
    try:
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except (zipfile.BadZipFile, ValueError, EOFError) as error:
        raise ValueError(f'{path} is not an npz file of counters ({error})') from error
