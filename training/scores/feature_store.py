"""Sampled features of many images on disk, gone through a shard at a time."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from hopfield_pebal_ros.contract.labels import OUTLIER_ID
from training.scores.fitted_state import FittedOn
from training.scores.readings import FitBatch, ScoreError

FORMAT: Final = 1
INDEX: Final = 'features.json'
_ROWS_PER_SHARD: Final = 50_000


@dataclass(frozen=True, kw_only=True)
class StoredFeatures:
    """A folder of shards; a `FeatureStream` of one shard at a time."""

    folder: Path
    fitted_on: FittedOn
    num_shards: int
    num_classes: int
    width: int

    def __iter__(self) -> Iterator[FitBatch]:
        for index in range(self.num_shards):
            path = self.folder / _shard_name(index)
            try:
                shard = load_file(path)
                yield FitBatch(
                    shard['features'],
                    shard['class_logits'],
                    shard['labels'],
                    shard.get('deviations'),
                )
            except (OSError, SafetensorError, KeyError) as error:
                raise ScoreError(
                    f'{path} cannot be read ({type(error).__name__}): gather the features again '
                    'with python -m training.precompute_features'
                ) from error


def store_features(batches: Iterable[FitBatch], folder: Path, fitted_on: FittedOn) -> None:
    """Write batches as shards, and last the index that makes the folder whole.

    Args:
        batches: features (N, D) of some images at a time.
        folder: exists.
        fitted_on: of what; the counts of examples are filled in here.

    Raises:
        ScoreError: there is no batch.
    """
    (folder / INDEX).unlink(missing_ok=True)
    num_classes = len(fitted_on.class_names)
    counts = torch.zeros(num_classes, dtype=torch.int64)
    num_outliers, num_shards, width = 0, 0, 0
    for shard in _joined(batches):
        save_file(_tensors(shard), folder / _shard_name(num_shards))
        inliers = shard.inliers().labels
        counts += torch.bincount(inliers, minlength=num_classes)
        num_outliers += len(shard.labels) - len(inliers)
        num_shards, width = num_shards + 1, shard.features.shape[1]
    if num_shards == 0:
        raise ScoreError('no labelled pixel was found; are the labels those of the network?')
    fitted_on = replace(
        fitted_on, examples_per_class=tuple(counts.tolist()), num_outliers=num_outliers
    )
    document = {
        'format': FORMAT,
        'fitted_on': asdict(fitted_on),
        'num_shards': num_shards,
        'num_classes': num_classes,
        'width': width,
    }
    (folder / INDEX).write_text(json.dumps(document, indent=1), 'utf-8')


def open_features(folder: Path) -> StoredFeatures:
    """Open a folder that `store_features` completed.

    Raises:
        ScoreError: it is not there, not whole, or of another version.
    """
    path = folder / INDEX
    remedy = 'make it with python -m training.precompute_features --out DIR'
    try:
        document = json.loads(path.read_text('utf-8'))
        if document['format'] != FORMAT:
            raise ScoreError(f'{path} has format {document["format"]!r}, not {FORMAT}; {remedy}')
        return StoredFeatures(
            folder=folder,
            fitted_on=FittedOn.from_json(document['fitted_on']),
            num_shards=document['num_shards'],
            num_classes=document['num_classes'],
            width=document['width'],
        )
    except (OSError, json.JSONDecodeError, KeyError, TypeError) as error:
        raise ScoreError(f'no complete features in {folder} ({error}); {remedy}') from error


def sampled_places(labels: Tensor, *, per_class: int, generator: torch.Generator) -> Tensor:
    """Return the places (N,) of at most `per_class` pixels of each class, and of outliers.

    Args:
        labels: (P,) int64.
        per_class: of one image, because large classes are thousands of times larger.
        generator: of the choice.
    """
    order = torch.randperm(len(labels), generator=generator)
    chosen = [order[labels[order] == each][:per_class] for each in labels.unique().tolist()]
    return torch.cat(chosen) if chosen else order


def is_example(labels: Tensor, *, num_classes: int) -> Tensor:
    """Return which labels are a class or an outlier, bool of the same shape."""
    return (labels < num_classes) | (labels == OUTLIER_ID)


def _joined(batches: Iterable[FitBatch]) -> Iterator[FitBatch]:
    waiting: list[FitBatch] = []
    for batch in batches:
        if len(batch.labels):
            waiting.append(batch)
        if sum(len(each.labels) for each in waiting) >= _ROWS_PER_SHARD:
            yield _concatenated(waiting)
            waiting = []
    if waiting:
        yield _concatenated(waiting)


def _concatenated(batches: list[FitBatch]) -> FitBatch:
    spreads = [each.deviations for each in batches if each.deviations is not None]
    return FitBatch(
        torch.cat([each.features for each in batches]),
        torch.cat([each.class_logits for each in batches]),
        torch.cat([each.labels for each in batches]),
        torch.cat(spreads) if spreads else None,
    )


def _tensors(batch: FitBatch) -> dict[str, Tensor]:
    return {name: each.contiguous() for name, each in batch._asdict().items() if each is not None}


def _shard_name(index: int) -> str:
    return f'shard_{index:05d}.safetensors'
