"""StreetHazards' towns for training: rendered frames; label files hold the class id plus one."""

from pathlib import Path
from typing import Final, Literal

from training.data.label_sets import STREETHAZARDS
from training.data.labelled_set import IdTable, LabelledSet
from training.data.layouts import Layout, find_pairs

Split = Literal['training', 'validation']

IDS_IN_FILE: Final = {class_id + 1: class_id for class_id in range(len(STREETHAZARDS))}


def open_streethazards(root: Path, split: Split = 'training') -> LabelledSet:
    """Find the pairs below `root`.

    Raises:
        DatasetError: there is no pair.
    """
    layout = Layout(
        name=f'official, {split}',
        labels=f'train/annotations/{split}/*/*.png',
        parts=rf'train/annotations/{split}/(?P<town>[^/]+)/(?P<stem>[^/]+)\.png',
        images=(f'train/images/{split}/{{town}}/{{stem}}.png',),
        pair_name=f'{split}/{{town}}/{{stem}}',
        group='{town}',
        every_image=(f'train/images/{split}/*/*.png',),
    )
    found = find_pairs(
        f'StreetHazards ({split})',
        root,
        [layout],
        remedy='give the folder that has train/images/ and train/annotations/ inside',
    )
    return LabelledSet(
        name='streethazards',
        variant=f"{layout.name}, the authors' 13 classes",
        root=root,
        pairs=found.pairs,
        ids=IdTable(
            IDS_IN_FILE,
            note='files hold 1..13; 0 means that they were shifted by one, 14 is an anomaly',
        ),
        images_without_labels=found.images_without_labels,
        missing_images=found.missing,
    )
