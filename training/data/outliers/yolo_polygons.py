"""Objects outlined by YOLO polygons: a text line each, class id and points in 0..1."""

from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from training.data.frames import read_image_rgb
from training.data.outliers.cut_out import CutOut, cut_out
from training.data.outliers.picture_files import find_pairs
from training.data.outliers.polygons import draw_polygons

TRAFFIC_IDS: Final = (0, 1, 2, 3, 5, 6, 7, 9, 10, 11)
"""Of the 80 COCO classes as YOLO counts them: cut_out.TRAFFIC_CLASSES."""


class YoloPolygons:
    """`DIR/images/**/STEM.jpg` with `DIR/labels/**/STEM.txt`."""

    def __init__(self, folder: Path, *, excluded_ids: tuple[int, ...]) -> None:
        """List the pairs.

        Raises:
            FileNotFoundError: there are none.
        """
        self._pairs = find_pairs(
            folder / 'images',
            folder / 'labels',
            suffix='.txt',
            wanted='give a folder with images/ and labels/ (YOLO polygons) inside',
        )
        self._excluded_ids = frozenset(excluded_ids)
        self.name = f'{folder} (YOLO polygons)'

    def __len__(self) -> int:
        return len(self._pairs)

    def cut_outs(self, index: int) -> tuple[CutOut, ...]:
        picture, labels = self._pairs[index]
        image_rgb = read_image_rgb(picture)
        height, width = image_rgb.shape[:2]
        found = []
        for line in labels.read_text('utf-8').splitlines():
            class_id, points = _parsed(line, labels)
            if class_id not in self._excluded_ids:
                cover = draw_polygons([points * (width, height)], (height, width))
                found.append(cut_out(image_rgb, cover))
        return tuple(each for each in found if each)


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
