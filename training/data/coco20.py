"""COCO with 20 of its 80 objects known: label files of COCO-Stuff, one id a pixel.

The split of GOSS (Hong et al. 2022) and, as COCO20/80, of DenseHybrid: Pascal VOC's objects are
taught, the other 60 are unknown. Stuff is ignored, and so are the unknown objects in training.
"""

from pathlib import Path
from typing import Final, Literal

from hopfield_pebal_ros.contract.labels import IGNORE_ID
from training.data.label_sets import COCO20
from training.data.labelled_set import IdTable, LabelledSet
from training.data.layouts import FoundPairs, Layout, find_pairs, with_suffixes

Split = Literal['train2017', 'val2017']

_KNOWN: Final = (0, 1, 2, 3, 4, 5, 6, 8, 15, 16, 17, 18, 19, 20, 43, 61, 62, 63, 66, 71)
"""Ids in the files of the 20 classes, in the order of the label set; COCO's category id less 1."""

_THINGS: Final = range(91)
_UNUSED: Final = (11, 25, 28, 29, 44, 65, 67, 68, 70, 82, 90)
"""Of things, but no object of COCO 2017 has them."""
_LAST_STUFF: Final = 181


def ids_in_file(*, unknown: int) -> IdTable:
    """Return the table of the files' ids, with an id of ours for the 60 unknown objects."""
    ids = dict.fromkeys((*range(_LAST_STUFF + 1), IGNORE_ID), IGNORE_ID)
    ids |= {each: unknown for each in _THINGS if each not in _UNUSED}
    ids |= {each: class_id for class_id, each in enumerate(_KNOWN)}
    return IdTable(ids, note='label files are those of stuffthingmaps_trainval2017')


def find_coco(root: Path, split: Split) -> FoundPairs:
    """Find images, and label files in a folder `stuffthingmaps`, `annotations` or `labels`.

    Raises:
        DatasetError: there is no pair.
    """
    images = (*with_suffixes(f'{split}/{{stem}}'), *with_suffixes(f'images/{split}/{{stem}}'))
    layouts = [
        Layout(
            name=f'COCO-Stuff, {folder}/{split}',
            labels=f'{folder}/{split}/*.png',
            parts=rf'{folder}/{split}/(?P<stem>[^/]+)\.png',
            images=images,
            pair_name='{stem}',
        )
        for folder in ('stuffthingmaps', 'annotations', 'labels')
    ]
    return find_pairs(
        f'COCO ({split})',
        root,
        layouts,
        remedy=f'give the folder that has {split}/ and, of COCO-Stuff, stuffthingmaps/{split}/ '
        'inside',
    )


def open_coco20(root: Path, split: Split = 'train2017') -> LabelledSet:
    """Find the pairs below `root`.

    Raises:
        DatasetError: there is no pair.
    """
    found = find_coco(root, split)
    return LabelledSet(
        name='coco20',
        variant=f'{found.layout.name}; {len(COCO20)} classes known, 60 and stuff ignored',
        root=root,
        pairs=found.pairs,
        ids=ids_in_file(unknown=IGNORE_ID),
        missing_images=found.missing,
    )
