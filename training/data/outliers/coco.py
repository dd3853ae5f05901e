"""Objects of COCO 2017, straight from its instances JSON: polygons and run lengths, crowds too."""

import json
from array import array
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from training.data.frames import read_image_rgb
from training.data.outliers.cut_out import FEWEST_PIXELS, TRAFFIC_CLASSES, CutOut, cut_out
from training.data.outliers.json_stream import as_text, stream_elements
from training.data.outliers.polygons import draw_polygons
from training.data.outliers.run_lengths import decode_run_lengths


class CocoObjects:
    """`DIR/annotations/instances_NAME.json` with the pictures in `DIR/NAME/`.

    Only the place of each annotation in the file is kept in memory: 10 MB for train2017.
    """

    def __init__(self, annotations: Path) -> None:
        """Read the file once, train2017's in about ten seconds.

        Raises:
            FileNotFoundError: file or folder of pictures is missing.
            ValueError: it is not COCO's instances JSON, or has no object outside traffic.
        """
        self._annotations = annotations
        self._pictures = annotations.parents[1] / annotations.stem.removeprefix('instances_')
        for path in (annotations, self._pictures):
            if not path.exists():
                raise FileNotFoundError(
                    f'no {path}; give DIR/annotations/instances_NAME.json, with the pictures in '
                    'DIR/NAME/'
                )
        self.name = f'{annotations} (COCO)'
        names, objects = _index(annotations)
        # (n, 3) image id, start, bytes; by picture
        self._objects = objects[np.lexsort((objects[:, 1], objects[:, 0]))]
        ids, self._first = np.unique(self._objects[:, 0], return_index=True)
        if not len(ids):
            raise ValueError(
                f'{annotations} has no object of at least {FEWEST_PIXELS} pixels outside '
                f'{", ".join(TRAFFIC_CLASSES)}'
            )
        self._names = [names[image_id] for image_id in ids.tolist()]

    def __len__(self) -> int:
        return len(self._names)

    def cut_outs(self, index: int) -> tuple[CutOut, ...]:
        path = self._pictures / self._names[index]
        image_rgb = read_image_rgb(path)
        found = []
        for annotation in self._annotations_of(index):
            cover = _cover(annotation['segmentation'], image_rgb.shape[:2], path=path)
            found.append(cut_out(image_rgb, cover))
        return tuple(each for each in found if each)

    def _annotations_of(self, index: int) -> Iterable[Any]:
        last = self._first[index + 1] if index + 1 < len(self) else len(self._objects)
        with self._annotations.open('rb') as file:
            for _, start, num_bytes in self._objects[self._first[index] : last].tolist():
                file.seek(start)
                yield json.loads(file.read(num_bytes))


def _index(path: Path) -> tuple[dict[int, str], npt.NDArray[np.int64]]:
    """Return file names by image id, and (n, 3) image id, start and bytes of usable objects."""
    names: dict[int, str] = {}
    traffic: set[int] = set()
    objects = array('q')  # a list of Python's integers would take 200 MB
    try:
        for each in stream_elements(path, ('images', 'annotations', 'categories')):
            value = each.value
            if each.section == 'images':
                names[value['id']] = as_text(value['file_name'])
            elif each.section == 'categories':
                if value['name'] in TRAFFIC_CLASSES:
                    traffic.add(value['id'])
            elif value['area'] >= FEWEST_PIXELS:
                place = each.start, each.num_bytes
                objects.extend((value['category_id'], value['image_id'], *place))
    except (KeyError, TypeError) as error:
        raise ValueError(
            f'{path} is not an instances file of COCO: an entry lacks {error}; give '
            'instances_train2017.json or instances_val2017.json'
        ) from error
    table = np.frombuffer(objects, np.int64).reshape(-1, 4)
    return names, table[~np.isin(table[:, 0], list(traffic)), 1:]


def _cover(segmentation: Any, image_hw: tuple[int, ...], *, path: Path) -> npt.NDArray[np.uint8]:
    """Draw an annotation's mask, (H, W) uint8, 0 or 255."""
    height, width = image_hw
    if isinstance(segmentation, list):
        polygons = [np.array(each, np.float64).reshape(-1, 2) for each in segmentation]
        return draw_polygons(polygons, (height, width))
    mask = decode_run_lengths(segmentation)
    if mask.shape != (height, width):
        raise ValueError(
            f'{path} is {(height, width)}, its COCO mask {mask.shape}; wrong pictures?'
        )
    return np.asarray(mask * np.uint8(255))
