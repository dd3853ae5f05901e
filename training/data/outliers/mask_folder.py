"""Objects of an image folder with instance masks, as SPADE lays out COCO-Stuff."""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.contract.labels import IGNORE_ID
from training.data.frames import read_image_rgb, read_label_map
from training.data.outliers.cut_out import CutOut, cut_out
from training.data.outliers.picture_files import check_same_size, find_pairs


class MaskFolder:
    """`DIR/images/STEM.jpg` with `DIR/inst/STEM.png`, and perhaps `DIR/label/STEM.png`.

    inst/ numbers the objects. Where there is label/, an object's class is the commonest id below
    it and decides whether it is used; else every number but 0, the background, is an object.
    """

    def __init__(self, folder: Path, *, class_range: tuple[int, int]) -> None:
        """List the pairs.

        Args:
            folder: with images/ and inst/ inside.
            class_range: first and last class id of label/ whose objects are used.

        Raises:
            FileNotFoundError: there are none.
        """
        self._pairs = find_pairs(
            folder / 'images',
            folder / 'inst',
            suffix='.png',
            wanted='give a folder with images/ and inst/ (a PNG of object numbers) inside',
        )
        self._classes = folder / 'label' if (folder / 'label').is_dir() else None
        self._class_range = class_range
        self.name = f'{folder} (instance masks)'

    def __len__(self) -> int:
        return len(self._pairs)

    def cut_outs(self, index: int) -> tuple[CutOut, ...]:
        picture, mask = self._pairs[index]
        image_rgb, numbers = read_image_rgb(picture), _read_numbers(mask)
        check_same_size(image_rgb, numbers, picture=picture, mask=mask)
        found = [cut_out(image_rgb, each) for each in self._covers(numbers, mask.name)]
        return tuple(each for each in found if each)

    def _covers(
        self, numbers: npt.NDArray[np.int32], name: str
    ) -> Iterator[npt.NDArray[np.uint8]]:
        classes = None if self._classes is None else read_label_map(self._classes / name)
        first, last = self._class_range
        for number in np.unique(numbers):
            cover = (numbers == number).astype(np.uint8)
            if classes is None:
                is_used = number not in (0, IGNORE_ID)
            else:
                counts = np.bincount(classes[cover > 0], minlength=256)
                is_used = first <= int(counts.argmax()) <= last
            if is_used:
                yield cover * np.uint8(255)


def _read_numbers(path: Path) -> npt.NDArray[np.int32]:
    mask = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if mask is None:
        raise ValueError(f'{path} cannot be read as a mask; it is missing, empty or truncated')
    if mask.ndim != 2:
        raise ValueError(f'{path} is {mask.shape}, expected one channel of object numbers')
    return np.asarray(mask, np.int32)
