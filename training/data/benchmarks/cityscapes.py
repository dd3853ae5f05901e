"""Cityscapes validation part: a closed set, for segmentation figures; labelIds or train ids."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from hopfield_pebal_ros.contract.labels import CITYSCAPES, IGNORE_ID
from training.data.benchmarks.benchmark import Benchmark
from training.data.benchmarks.layouts import find_pairs
from training.data.benchmarks.options import BenchmarkOptions
from training.data.frames import read_label_map
from training.data.labelled_set import DatasetError, IdTable, Pair
from training.data.layouts import Layout, same_stem, with_suffixes

LABEL_IDS: Final = (7, 8, 11, 12, 13, 17, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 31, 32, 33)
"""Cityscapes labelId of each train id; all other labelIds 0..33 are void."""

_ID: Final = r'(?P<id>(?P<city>[^/_]+)_(?P<sequence>\d+)_\d+)'


def _official(kind: str) -> Layout:
    return Layout(
        name=f'official, {kind}',
        labels=f'gtFine/val/*/*_gtFine_{kind}.png',
        parts=rf'gtFine/val/[^/]+/{_ID}_gtFine_{kind}\.png',
        images=with_suffixes('leftImg8bit/val/{city}/{id}_leftImg8bit'),
        pair_name='{id}',
        group='{city}_{sequence}',
        every_image=with_suffixes('leftImg8bit/val/*/*_leftImg8bit'),
    )


def _flattened(folder: str) -> Layout:
    return Layout(
        name=f'flattened as in PEBAL: {folder}/city_gt_fine/val',
        labels=f'{folder}/city_gt_fine/val/*.png',
        parts=rf'{folder}/city_gt_fine/val/{_ID}_gtFine(?:_labelIds|_labelTrainIds)?\.png',
        images=with_suffixes('images/city_gt_fine/val/{id}_leftImg8bit'),
        pair_name='{id}',
        group='{city}_{sequence}',
    )


_LAYOUTS: Final = (
    _official('labelIds'),
    _official('labelTrainIds'),
    _flattened('annotation'),
    _flattened('annotations'),
    same_stem('images', 'labels', name='re-packed: images/ and labels/'),
)


def cityscapes_val(options: BenchmarkOptions) -> Benchmark:
    """Find the validation part; which ids the files hold is read off them and said."""
    options.allow_only('cityscapes_val', 'images_root')
    layout, pairs = find_pairs(
        'cityscapes_val', options.root, _LAYOUTS, images_root=options.images_root
    )
    if holds_train_ids(pairs):
        kind = 'train ids in the files'
        ids = {train_id: train_id for train_id in range(len(CITYSCAPES))} | {IGNORE_ID: IGNORE_ID}
    else:
        kind = 'labelIds in the files'
        ids = dict.fromkeys(range(34), IGNORE_ID)
        ids |= {label_id: train_id for train_id, label_id in enumerate(LABEL_IDS)}
    return Benchmark(
        name='cityscapes_val',
        variant=f'{layout.name}; {kind}',
        root=options.root,
        pairs=pairs,
        ids=IdTable(ids, note='files with labelIds and files with train ids are mixed'),
        track='none',
        label_set=CITYSCAPES,
        has_outliers=False,
    )


def holds_train_ids(pairs: Sequence[Pair]) -> bool:
    """Tell train ids (0..18 and 255) from labelIds (0..33) by the first file that shows it.

    Raises:
        DatasetError: no file shows it.
    """
    for pair in pairs:
        ids = np.unique(read_label_map(pair.label_path))
        if ids.max() >= 34:
            return True
        if ids.max() >= len(CITYSCAPES):
            return False
    raise DatasetError(
        f'none of {len(pairs)} label files holds an id of 19 or more, so labelIds and train ids '
        'cannot be told apart: name the files *_gtFine_labelIds.png in the official layout'
    )
