"""Objects outlined by YOLO polygons: a text line each, class id and points in 0..1."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.contract.labels import OUTLIER_ID
from training.data.frames import read_image_rgb
from training.data.outliers.cut_out import CutOut, cut_out
from training.data.outliers.picture_files import find_pairs
from training.data.outliers.polygons import draw_polygons

TRAFFIC_IDS: Final = (0, 1, 2, 3, 5, 6, 7, 9, 10, 11)
"""Of the 80 COCO classes as YOLO counts them: cut_out.TRAFFIC_CLASSES."""


class YoloPolygons:
    """`DIR/images/**/STEM.jpg` with `DIR/labels/**/STEM.txt`."""

    def __init__(
        self,
        folder: Path,
        *,
        excluded_ids: Collection[int] = (),
        train_ids: Mapping[int, int] | None = None,
    ) -> None:
        """List the pairs.

        Args:
            folder: with images/ and labels/ inside.
            excluded_ids: classes that are not cut out; all others are outliers.
            train_ids: classes that are, and what they are labelled; None: as outliers.

        Raises:
            FileNotFoundError: there are none.
        """
        self._pairs = yolo_pairs(folder)
        self._excluded_ids = frozenset(excluded_ids)
        self._train_ids = train_ids
        self.name = f'{folder} (YOLO polygons)'

    def __len__(self) -> int:
        return len(self._pairs)

    def cut_outs(self, index: int) -> tuple[CutOut, ...]:
        picture, labels = self._pairs[index]
        image_rgb = read_image_rgb(picture)
        found = []
        for class_id, cover in read_outlines(labels, image_rgb.shape[:2]):
            train_id = self._train_id(class_id)
            if train_id is not None:
                cut = cut_out(image_rgb, cover)
                found.append(cut and replace(cut, train_id=train_id))
        return tuple(each for each in found if each)

    def _train_id(self, class_id: int) -> int | None:
        """Return what objects of a class are labelled; None: they are not cut out."""
        if self._train_ids is not None:
            return self._train_ids.get(class_id)
        return None if class_id in self._excluded_ids else OUTLIER_ID


def yolo_pairs(folder: Path) -> list[tuple[Path, Path]]:
    """Return the pictures and label files of a YOLO folder.

    Raises:
        FileNotFoundError: there are none.
    """
    return find_pairs(
        folder / 'images',
        folder / 'labels',
        suffix='.txt',
        wanted='give a folder with images/ and labels/ (YOLO polygons) inside',
    )


def read_outlines(
    labels: Path, image_hw: tuple[int, ...]
) -> Iterator[tuple[int, npt.NDArray[np.uint8]]]:
    """Yield class id and cover (H, W) uint8, 0 or 255, of each line of a label file.

    Raises:
        ValueError: a line is no polygon; the message quotes it.
    """
    height, width = image_hw
    for line in labels.read_text('utf-8').splitlines():
        class_id, points = _parsed(line, labels)
        yield class_id, draw_polygons([points * (width, height)], (height, width))


def _parsed(line: str, path: Path) -> tuple[int, npt.NDArray[np.float64]]:
    """Return class id and (n, 2) points x, y in 0..1; a line without numbers has no points."""
    try:
        class_id, *numbers = line.split()
        points = np.array(numbers, np.float64).reshape(-1, 2)
        if len(points) < 3:
            raise ValueError(f'{len(points)} points')
        return int(class_id), points
    except ValueError as error:
        raise ValueError(
            f'{path} has the line {line[:60]!r} ({error}); expected a class id and at least three '
            'pairs x y in 0..1: polygons, not boxes'
        ) from error
