"""CamVid in the 11-class SegNet split: real street frames with Cityscapes train ids."""

from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.contract.labels import CITYSCAPES, IGNORE_ID
from training.data.frames import Frame, read_image_rgb, read_label_map

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


class CamVidFrames:
    """The pairs `DIR/images/STEM.{jpg,png}` and `DIR/labels/STEM.png`, in order of name."""

    def __init__(self, folder: Path) -> None:
        """List the pairs.

        Raises:
            FileNotFoundError: no picture, or a picture without a mask.
        """
        pictures = sorted(
            each for pattern in ('*.jpg', '*.png') for each in (folder / 'images').glob(pattern)
        )
        if not pictures:
            raise FileNotFoundError(
                f'no CamVid picture matches {folder}/images/*.jpg or *.png; give the folder that '
                'has images/ and labels/ (11 classes, ids 0..11) inside'
            )
        self._pairs = [
            (each, folder / 'labels' / each.with_suffix('.png').name) for each in pictures
        ]
        lacking = [mask for _, mask in self._pairs if not mask.is_file()]
        if lacking:
            raise FileNotFoundError(
                f'{len(lacking)} of {len(pictures)} pictures have no mask; looked for {lacking[0]}'
            )
        self._table = train_ids_of_camvid()

    def __len__(self) -> int:
        return len(self._pairs)

    def __getitem__(self, index: int) -> Frame:
        picture, mask = self._pairs[index]
        image_rgb, ids = read_image_rgb(picture), read_label_map(mask)
        if image_rgb.shape[:2] != ids.shape:
            raise ValueError(
                f'{picture} is {image_rgb.shape[:2]} and its mask {mask} is {ids.shape}; '
                'they must have the same height and width'
            )
        if ids.max() > CAMVID_UNLABELLED:
            raise ValueError(
                f'{mask} holds id {ids.max()}, expected 0..{CAMVID_UNLABELLED}; '
                'is it the 32-class CamVid? Convert it to the 11 classes of the SegNet split'
            )
        return Frame(image_rgb, self._table[ids], f'camvid/{picture.name}')
