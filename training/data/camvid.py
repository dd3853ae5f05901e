"""CamVid in the 11-class SegNet split: real street frames with Cityscapes train ids."""

from pathlib import Path
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.contract.labels import CITYSCAPES, IGNORE_ID
from training.data.labelled_set import IdTable, LabelledSet
from training.data.layouts import Layout, find_pairs, same_stem, with_suffixes

Split = Literal['train', 'val', 'test']

CAMVID_CLASSES: Final = (
    ('sky', 'sky'),
    ('building', 'building'),
    ('pole', 'pole'),
    ('road', 'road'),
    ('pavement', 'sidewalk'),
    ('tree', 'vegetation'),
    ('sign', 'traffic sign'),
    ('fence', 'fence'),
    ('car', 'car'),
    ('pedestrian', 'person'),
    ('bicyclist', 'rider'),
)
"""CamVid name and the Cityscapes class it is taught as; the place is the CamVid id."""

CAMVID_UNLABELLED: Final = 11

ALSO_COUNTED_AS: Final = (
    ('bicycle', 'bicyclist'),
    ('motorcycle', 'bicyclist'),
    ('truck', 'car'),
    ('bus', 'car'),
    ('train', 'car'),
    ('wall', 'building'),
    ('terrain', 'tree'),
    ('traffic light', 'sign'),
)
"""Cityscapes classes that CamVid's 11 classes contain, for scoring predictions."""


def train_ids_of_camvid() -> npt.NDArray[np.uint8]:
    """Return the table CamVid id -> train id, (256,) uint8; ids without a class are ignored."""
    table = np.full(256, IGNORE_ID, np.uint8)
    for camvid_id, (_, cityscapes_name) in enumerate(CAMVID_CLASSES):
        table[camvid_id] = CITYSCAPES.id_of(cityscapes_name)
    return table


def camvid_ids_of_train() -> npt.NDArray[np.uint8]:
    """Return the table train id -> CamVid id, (256,) uint8, for scoring on CamVid's classes."""
    names = [camvid_name for camvid_name, _ in CAMVID_CLASSES]
    table = np.full(256, CAMVID_UNLABELLED, np.uint8)
    for camvid_id, (_, cityscapes_name) in enumerate(CAMVID_CLASSES):
        table[CITYSCAPES.id_of(cityscapes_name)] = camvid_id
    for cityscapes_name, camvid_name in ALSO_COUNTED_AS:
        table[CITYSCAPES.id_of(cityscapes_name)] = names.index(camvid_name)
    return table


def camvid_ids() -> IdTable:
    """Return the table of the files' ids to train ids."""
    table = train_ids_of_camvid()
    return IdTable(
        {each: int(table[each]) for each in range(CAMVID_UNLABELLED + 1)},
        note='is it the 32-class CamVid? Convert it to the 11 classes of the SegNet split',
    )


def official_layout(split: Split) -> Layout:
    return Layout(
        name='official SegNet split',
        labels=f'{split}annot/*.png',
        parts=rf'{split}annot/(?P<stem>[^/]+)\.png',
        images=with_suffixes(f'{split}/{{stem}}'),
        pair_name='{stem}',
        every_image=with_suffixes(f'{split}/*'),
    )


def open_camvid(root: Path, split: Split = 'train') -> LabelledSet:
    """Find the pairs below `root`; a folder of images/ and labels/ is taken whole.

    Raises:
        DatasetError: there is no pair.
    """
    found = find_pairs(
        f'CamVid ({split})',
        root,
        (same_stem('images', 'labels', name='images/ and labels/'), official_layout(split)),
        remedy='give the folder that has images/ and labels/, or train/ and trainannot/, inside '
        '(11 classes, ids 0..11)',
    )
    return LabelledSet(
        name='camvid',
        variant=f'{found.layout.name}; 11 CamVid classes in the files',
        root=root,
        pairs=found.pairs,
        ids=camvid_ids(),
        images_without_labels=found.images_without_labels,
        missing_images=found.missing,
    )
