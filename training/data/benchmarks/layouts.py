"""The pairs of a set that is evaluated: only a whole set gives a figure that compares."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from training.data import layouts as set_layouts
from training.data.labelled_set import DatasetError, Pair
from training.data.layouts import Layout, same_stem

REPACKED: Final = (
    same_stem('images', 'labels', name='re-packed: images/ and labels/'),
    same_stem('original', 'labels', name='re-packed: original/ and labels/'),
)
"""Forms seen in the wild for several sets; the second one is that of synboost and PEBAL."""


def find_pairs(
    set_name: str,
    root: Path,
    layouts: Sequence[Layout],
    *,
    images_root: Path | None = None,
) -> tuple[Layout, tuple[Pair, ...]]:
    """Return the first layout that has label files and images, and its pairs in order of name.

    Args:
        set_name: for messages.
        root: folder of the label files.
        layouts: in order of preference.
        images_root: folder of the images where it is another one.

    Raises:
        DatasetError: no layout fits, an image or a label file is missing, or two pairs have
            one name.
    """
    found = set_layouts.find_pairs(
        set_name,
        root,
        layouts,
        images_root=images_root,
        remedy='complete the set, or give --images-root, the right --root or --dataset folder',
    )
    num_pairs, layout = len(found.pairs), found.layout
    if found.missing:
        raise DatasetError(
            f'{len(found.missing)} of {num_pairs + len(found.missing)} label files '
            f'({layout.name}) have no image; looked for {found.missing[0]}; complete the set'
            + ('' if images_root else ', or give --images-root')
        )
    lacking = found.images_without_labels
    if lacking:
        raise DatasetError(
            f'{len(lacking)} of {len(lacking) + num_pairs} images ({layout.name}) have no '
            f'labels, for example {lacking[0].name}; looked for {root}/{layout.labels} '
            'of the same stem. Add them or take the images out'
        )
    return layout, found.pairs
