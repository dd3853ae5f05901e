"""Cityscapes: its layouts, and labelIds or train ids, which are read off the files."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final, Literal

import numpy as np

from hopfield_pebal_ros.contract.labels import CITYSCAPES, IGNORE_ID
from training.data.frames import read_label_map
from training.data.labelled_set import DatasetError, IdTable, LabelledSet, Pair
from training.data.layouts import Layout, find_pairs, same_stem, with_suffixes

Split = Literal['train', 'val']
"""The parts with labels; those of the test part are not public."""

LABEL_IDS: Final = (7, 8, 11, 12, 13, 17, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 31, 32, 33)
"""Cityscapes labelId of each train id; all other labelIds are void."""

NUM_LABEL_IDS: Final = 34

_ID: Final = r'(?P<id>(?P<city>[^/_]+)_(?P<sequence>\d+)_\d+)'


def open_cityscapes(root: Path, splits: Sequence[Split] = ('train',)) -> LabelledSet:
    """Find the pairs below `root`; a folder of images/ and labels/ is taken whole.

    Raises:
        DatasetError: no pair, or it is not to be told which ids the files hold.
    """
    found = find_pairs(
        f'Cityscapes ({", ".join(splits)})',
        root,
        layouts(splits),
        remedy='give the folder that has leftImg8bit/ and gtFine/ inside, or images/ and labels/',
    )
    kind, ids = detected_ids(found.pairs)
    return LabelledSet(
        name='cityscapes',
        variant=f'{found.layout.name}; {kind}',
        root=root,
        pairs=found.pairs,
        ids=ids,
        images_without_labels=found.images_without_labels,
        missing_images=found.missing,
    )


def layouts(splits: Sequence[Split]) -> tuple[Layout, ...]:
    """Return the layouts seen in the wild, the official one first."""
    return (
        _official('labelIds', splits),
        _official('labelTrainIds', splits),
        _flattened('annotation', splits),
        _flattened('annotations', splits),
        same_stem('images', 'labels', name='re-packed: images/ and labels/'),
    )


def _official(kind: str, splits: Sequence[Split]) -> Layout:
    return Layout(
        name=f'official, {kind}',
        labels=f'gtFine/{_one_folder(splits)}/*/*_gtFine_{kind}.png',
        parts=rf'gtFine/(?P<split>{"|".join(splits)})/[^/]+/{_ID}_gtFine_{kind}\.png',
        images=with_suffixes('leftImg8bit/{split}/{city}/{id}_leftImg8bit'),
        pair_name='{id}',
        group='{city}_{sequence}',
        every_image=tuple(
            glob
            for split in splits
            for glob in with_suffixes(f'leftImg8bit/{split}/*/*_leftImg8bit')
        ),
    )


def _flattened(folder: str, splits: Sequence[Split]) -> Layout:
    one_of = '|'.join(splits)
    kinds = '(?:_labelIds|_labelTrainIds)?'
    return Layout(
        name=f'flattened as in PEBAL: {folder}/city_gt_fine',
        labels=f'{folder}/city_gt_fine/{_one_folder(splits)}/*.png',
        parts=rf'{folder}/city_gt_fine/(?P<split>{one_of})/{_ID}_gtFine{kinds}\.png',
        images=with_suffixes('images/city_gt_fine/{split}/{id}_leftImg8bit'),
        pair_name='{id}',
        group='{city}_{sequence}',
        every_image=tuple(
            glob
            for split in splits
            for glob in with_suffixes(f'images/city_gt_fine/{split}/*_leftImg8bit')
        ),
    )


def _one_folder(splits: Sequence[Split]) -> str:
    return splits[0] if len(splits) == 1 else '*'


def detected_ids(pairs: Sequence[Pair]) -> tuple[str, IdTable]:
    """Tell which ids the files hold, by their content and else by their names.

    Returns:
        The finding for people, and the table to train ids.

    Raises:
        DatasetError: neither content nor names show it.
    """
    if _holds_train_ids(pairs):
        kind = 'train ids in the files'
        ids = {train_id: train_id for train_id in range(len(CITYSCAPES))} | {IGNORE_ID: IGNORE_ID}
    else:
        kind = 'labelIds in the files'
        ids = dict.fromkeys(range(NUM_LABEL_IDS), IGNORE_ID)
        ids |= {label_id: train_id for train_id, label_id in enumerate(LABEL_IDS)}
    return kind, IdTable(ids, note='files with labelIds and files with train ids are mixed')


def _holds_train_ids(pairs: Sequence[Pair]) -> bool:
    """Tell train ids (0..18 and 255) from labelIds (0..33) by the first file that shows it."""
    for pair in pairs:
        largest = int(np.max(read_label_map(pair.label_path)))
        if largest >= len(CITYSCAPES):
            return largest >= NUM_LABEL_IDS
    name = pairs[0].label_path.name
    if name.endswith(('_labelIds.png', '_labelTrainIds.png')):
        return name.endswith('_labelTrainIds.png')
    raise DatasetError(
        f'none of {len(pairs)} label files (first {pairs[0].label_path}) holds an id '
        f'of {len(CITYSCAPES)} or more, so labelIds and train ids cannot be told apart: name the '
        'files *_gtFine_labelIds.png in the official layout'
    )
