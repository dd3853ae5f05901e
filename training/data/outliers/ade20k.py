"""DenseHybrid's negatives: rectangles and unions of classes out of ADE20K."""

from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from training.data.frames import read_image_rgb, read_label_map
from training.data.outliers.bounded_cache import BoundedCache
from training.data.outliers.cut_out import CutOut, cut_out
from training.data.outliers.object_pool import CACHE_BYTES
from training.data.outliers.picture_files import check_same_size, find_pairs

STREET_IDS: Final = (
    *(1, 2, 3, 5, 7, 10, 12, 13, 14, 18, 21, 26, 30, 33, 39, 44, 49, 53, 55, 62, 69, 73, 80),
    *(81, 84, 85, 88, 92, 94, 95, 103, 117, 124, 128, 137),
)
"""Of the scene-parsing challenge's 1..150, what Cityscapes teaches: wall, building, sky, tree,
road, grass, sidewalk, person, earth, plant, car, house, field, fence, railing, signboard,
skyscraper, path, runway, bridge, hill, palm, hovel, bus, truck, tower, street light, dirt track,
pole, land, van, minibike, trade name, bicycle, traffic light."""

MOST_TRIES: Final = 50
_SMALLEST_SIDE_PX: Final = 16
_RECTANGLE_SHARE: Final = 0.5
_CLASSES_IN_UNION: Final = 2


class Ade20kPatches:
    """`DIR/images/**/STEM.jpg` with `DIR/annotations/**/STEM.png` (0: unlabelled, 1..150).

    DenseHybrid (Grcic et al. 2022) pastes either a random rectangle or the pixels of two random
    classes. Unlike there, pixels of street classes are cut out of both: as outliers they would
    contradict the street itself.
    """

    def __init__(self, folder: Path) -> None:
        """List the pairs.

        Raises:
            FileNotFoundError: there are none.
        """
        self._pairs = find_pairs(
            folder / 'images',
            folder / 'annotations',
            suffix='.png',
            wanted='give ADEChallengeData2016, with images/ and annotations/ inside',
        )
        self._name = f'{folder} (ADE20K)'
        self._cache: BoundedCache[tuple[npt.NDArray[np.uint8], ...]] = BoundedCache(CACHE_BYTES)

    def draw(self, rng: np.random.Generator, size_px: int) -> CutOut:  # noqa: ARG002 takes any
        """Draw a rectangle or two classes of a picture.

        Raises:
            ValueError: a file cannot be read, or nothing fits in `MOST_TRIES` pictures.
        """
        for _ in range(MOST_TRIES):
            index = int(rng.integers(len(self._pairs)))
            image_rgb, classes = self._cache.get(index, lambda: self._read(index))  # noqa: B023
            is_rectangle = rng.random() < _RECTANGLE_SHARE
            patch = _rectangle(classes.shape, rng) if is_rectangle else _union(classes, rng)
            is_usable = patch & ~np.isin(classes, STREET_IDS)
            found = cut_out(image_rgb, is_usable * np.uint8(255))
            if found is not None:
                return found
        raise ValueError(
            f'{MOST_TRIES} pictures of {self._name} hold nothing to paste; do annotations/ hold '
            'the ids 0..150 of the scene-parsing challenge?'
        )

    def _read(self, index: int) -> tuple[npt.NDArray[np.uint8], ...]:
        picture, mask = self._pairs[index]
        image_rgb, classes = read_image_rgb(picture), read_label_map(mask)
        check_same_size(image_rgb, classes, picture=picture, mask=mask)
        return image_rgb, classes


def _rectangle(image_hw: tuple[int, ...], rng: np.random.Generator) -> npt.NDArray[np.bool_]:
    mask = np.zeros(image_hw, np.bool_)
    box = []
    for side in image_hw:
        length = int(rng.integers(min(_SMALLEST_SIDE_PX, side), side + 1))
        start = int(rng.integers(side - length + 1))
        box.append(slice(start, start + length))
    mask[tuple(box)] = True
    return mask


def _union(classes: npt.NDArray[np.uint8], rng: np.random.Generator) -> npt.NDArray[np.bool_]:
    present = np.setdiff1d(classes, (0, *STREET_IDS))
    chosen = rng.permutation(present)[:_CLASSES_IN_UNION]
    return np.isin(classes, chosen)
