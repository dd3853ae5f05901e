"""Whole photographs as scenes: real outliers, which nobody pasted, among known objects."""

from collections.abc import Collection, Mapping
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.contract.labels import IGNORE_ID, OUTLIER_ID
from training.data.frames import Frame, read_image_rgb
from training.data.outliers.yolo_polygons import read_outlines, yolo_pairs


class YoloScenes:
    """Pictures of a YOLO folder with a label for each outlined pixel; all others are ignored."""

    def __init__(
        self, folder: Path, *, excluded_ids: Collection[int], train_ids: Mapping[int, int]
    ) -> None:
        """List the pictures.

        Args:
            folder: with images/ and labels/ inside.
            excluded_ids: classes that are no outliers.
            train_ids: what those of them that the network knows are labelled; others are ignored.

        Raises:
            FileNotFoundError: there are none.
        """
        self._pairs = yolo_pairs(folder)
        self._label_of = dict.fromkeys(excluded_ids, IGNORE_ID) | dict(train_ids)

    def __len__(self) -> int:
        return len(self._pairs)

    def __getitem__(self, index: int) -> Frame:
        picture, labels = self._pairs[index]
        image_rgb = read_image_rgb(picture)
        outlines = read_outlines(labels, image_rgb.shape[:2])
        label_map = np.full(image_rgb.shape[:2], IGNORE_ID, np.uint8)
        # what is smaller lies in front more often than not
        for class_id, cover in sorted(outlines, key=lambda each: -np.count_nonzero(each[1])):
            label_map[cover > 0] = self._label_of.get(class_id, OUTLIER_ID)
            label_map[_rim(cover)] = IGNORE_ID
        return Frame(image_rgb, label_map, picture.name)


def _rim(cover: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
    """Return where an outline drawn by hand may be wrong, (H, W) bool."""
    rim = cv2.morphologyEx(cover, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
    return np.asarray(rim > 0)
