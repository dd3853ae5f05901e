"""CamVid in the 11-class SegNet split, whole or with one class held out as outlier."""

import re
from dataclasses import replace
from typing import Final, cast, get_args

from hopfield_pebal_ros.contract.labels import (
    CITYSCAPES,
    IGNORE_ID,
    OUTLIER_ID,
    InlierClass,
    LabelSet,
)
from training.data.benchmarks.benchmark import Benchmark
from training.data.benchmarks.layouts import REPACKED, find_pairs
from training.data.benchmarks.options import BenchmarkOptions
from training.data.camvid import (
    ALSO_COUNTED_AS,
    CAMVID_CLASSES,
    CAMVID_UNLABELLED,
    Split,
    official_layout,
)
from training.data.labelled_set import DatasetError, IdTable, Pair

_CAMERA_RATE_HZ: Final = 30  # frames are numbered at this rate

_ALIASES: Final = dict(ALSO_COUNTED_AS) | {theirs: name for name, theirs in CAMVID_CLASSES}


def camvid(options: BenchmarkOptions) -> Benchmark:
    """Find a part of CamVid, by default 'val'.

    Without --held-out it is a closed set: segmentation is measured, anomalies are not.
    """
    options.allow_only('camvid', 'split', 'held_out')
    split = _checked_split(options.split or 'val')
    layout, pairs = find_pairs('camvid', options.root, (official_layout(split), *REPACKED))
    names = [name for name, _ in CAMVID_CLASSES]
    held_out = options.held_out
    if held_out is not None and held_out not in names:
        raise DatasetError(f'CamVid has no class {held_out!r}; it has {", ".join(names)}')
    inliers = [name for name in names if name != held_out]
    ids = {
        names.index(name): OUTLIER_ID if name == held_out else inliers.index(name)
        for name in names
    }
    colors = {
        name: CITYSCAPES.classes[CITYSCAPES.id_of(theirs)] for name, theirs in CAMVID_CLASSES
    }
    return Benchmark(
        name='camvid' if held_out is None else f'camvid, {held_out} held out',
        variant=f'{layout.name}, {split}' if 'official' in layout.name else layout.name,
        root=options.root,
        pairs=tuple(_with_second(each) for each in pairs),
        ids=IdTable(
            ids | {CAMVID_UNLABELLED: IGNORE_ID},
            note='the 11 classes of the SegNet split are 0..10 and 11 is unlabelled; convert the '
            '32-class release first',
        ),
        track='none',
        label_set=LabelSet(tuple(InlierClass(name, colors[name].color_rgb) for name in inliers)),
        also_counted_as={theirs: name for theirs, name in _ALIASES.items() if name in inliers},
        has_outliers=held_out is not None,
    )


def _checked_split(split: str) -> Split:
    for each in get_args(Split):
        if split == each:
            return cast(Split, each)
    raise DatasetError(f'--split must be one of {", ".join(get_args(Split))}, got {split}')


def _with_second(pair: Pair) -> Pair:
    """Group the frames of one drive and second: a split is a few drives, so drives are too few."""
    match = re.fullmatch(r'(?P<drive>.+)_f?(?P<frame>\d+)', pair.name)
    if match is None:
        return pair
    return replace(pair, group=f'{match["drive"]} {int(match["frame"]) // _CAMERA_RATE_HZ} s')
