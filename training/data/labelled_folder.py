"""Any images and masks: FOLDER/images and FOLDER/labels of the same names, and a label table."""

from pathlib import Path
from typing import Final

from hopfield_pebal_ros.contract.labels import CITYSCAPES, LabelSet
from training.data.label_table import read_label_table
from training.data.labelled_set import LabelledSet
from training.data.layouts import Layout, find_pairs, with_suffixes

TABLE_NAME: Final = 'label_table.csv'

_LAYOUT: Final = Layout(
    name='images/ and labels/',
    labels='labels/**/*.png',
    parts=r'labels/(?P<stem>.+)\.png',
    images=with_suffixes('images/{stem}'),
    pair_name='{stem}',
    every_image=with_suffixes('images/**/*'),
)


def open_labelled_folder(
    root: Path, table: Path | None = None, classes: LabelSet = CITYSCAPES
) -> LabelledSet:
    """Find the pairs below `root`; `table` is FOLDER/label_table.csv where not given.

    Raises:
        DatasetError: no pair, or the table is missing or wrong.
    """
    found = find_pairs(
        'the labelled folder',
        root,
        [_LAYOUT],
        remedy='give the folder that has images/ and labels/ inside; masks are PNG files of the '
        'names of their images',
    )
    table = table or root / TABLE_NAME
    return LabelledSet(
        name='folder',
        variant=f'{found.layout.name}; ids of {table.name}',
        root=root,
        pairs=found.pairs,
        ids=read_label_table(table, classes),
        images_without_labels=found.images_without_labels,
        missing_images=found.missing,
    )
