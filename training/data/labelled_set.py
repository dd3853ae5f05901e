"""A labelled set on disk: its pairs, what its label ids mean, and how a pair is read."""

import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.contract.labels import IGNORE_ID
from training.data.frames import Frame, read_image_rgb, read_label_map

LabelMap = npt.NDArray[np.uint8]


class DatasetError(ValueError):
    """A set that cannot be used; the message says what was looked for and the remedy."""


@dataclass(frozen=True)
class IdTable:
    """What the ids in the label files of a set mean."""

    our_ids: Mapping[int, int]
    """Id in the file -> class id, `INLIER_ID`, `OUTLIER_ID` or `IGNORE_ID`."""
    note: str = ''
    """What may be wrong where another id occurs."""

    def apply(self, label_map: LabelMap, path: Path) -> LabelMap:
        """Return the label map (H, W) uint8 in our ids.

        Raises:
            DatasetError: it holds an id that is not in the table.
        """
        found = np.flatnonzero(np.bincount(label_map.ravel(), minlength=256))
        unknown = [int(each) for each in found if int(each) not in self.our_ids]
        if unknown:
            raise DatasetError(
                f'{path} holds ids {_listed(unknown)}, expected {_listed(self.our_ids)}'
                + (f'; {self.note}' if self.note else '')
            )
        lookup = np.full(256, IGNORE_ID, np.uint8)
        for file_id, our_id in self.our_ids.items():
            lookup[file_id] = our_id
        return np.asarray(lookup[label_map], np.uint8)


@dataclass(frozen=True)
class Pair:
    """One image and its labels, not read yet."""

    name: str
    """Differs from pair to pair; stored score maps are found by it."""
    group: str
    """Its scene or drive, whose images resemble each other; '' where unknown."""
    image_path: Path
    label_path: Path
    overlay_path: Path | None = None
    """Signed difference that is added to the image, as Fishyscapes Static ships it."""

    def read_image_rgb(self) -> npt.NDArray[np.uint8]:
        """Return (H, W, 3) uint8 RGB.

        Raises:
            ValueError: a file cannot be decoded, or image and overlay differ in size.
        """
        image_rgb = read_image_rgb(self.image_path)
        if self.overlay_path is None:
            return image_rgb
        overlay = _read_overlay(self.overlay_path)
        if overlay.shape != image_rgb.shape:
            raise DatasetError(
                f'{self.overlay_path} is {overlay.shape}, its image {self.image_path} is '
                f'{image_rgb.shape}: they must have the same size'
            )
        summed = np.clip(image_rgb + overlay.astype(np.int16), 0, 255)
        return np.asarray(summed, np.uint8)


@dataclass(frozen=True, kw_only=True)
class LabelledSet:
    """A set that was found on disk, as frames; nothing but the names of its files was read."""

    name: str
    variant: str
    """Layout and ids that were recognised."""
    root: Path
    pairs: tuple[Pair, ...]
    ids: IdTable
    images_without_labels: tuple[Path, ...] = ()
    missing_images: tuple[str, ...] = ()
    """What was looked for, for each label file without an image."""

    def __len__(self) -> int:
        return len(self.pairs)

    def __getitem__(self, index: int) -> Frame:
        pair = self.pairs[index]
        return Frame(*self.read(pair), f'{self.name}/{pair.name}')

    def read_labels(self, pair: Pair) -> LabelMap:
        """Return the label map of a pair (H, W) uint8 in our ids.

        Raises:
            ValueError: it cannot be decoded.
            DatasetError: it holds an id that is not in the table of the set.
        """
        return self.ids.apply(read_label_map(pair.label_path), pair.label_path)

    def read(self, pair: Pair) -> tuple[npt.NDArray[np.uint8], LabelMap]:
        """Return image (H, W, 3) uint8 RGB and label map (H, W) uint8 in our ids.

        Raises:
            ValueError: a file cannot be decoded.
            DatasetError: unknown ids, or image and labels differ in size.
        """
        image_rgb, label_map = pair.read_image_rgb(), self.read_labels(pair)
        if image_rgb.shape[:2] != label_map.shape:
            raise DatasetError(
                f'{pair.image_path} is {image_rgb.shape[:2]} and its labels {pair.label_path} '
                f'are {label_map.shape} (height, width): they must be equal; resize neither, find '
                'the pair that belongs together'
            )
        return image_rgb, label_map


def _read_overlay(path: Path) -> npt.NDArray[np.integer]:
    """Return the signed overlay (H, W, 3) of an npz file."""
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except (zipfile.BadZipFile, ValueError, EOFError) as error:
        raise DatasetError(f'{path} is no npz file ({error}): unpack the set again') from error
    if 'rgb' not in arrays:
        raise DatasetError(
            f"{path} has arrays {sorted(arrays)}, expected 'rgb': is it an overlay of Fishyscapes "
            'Static?'
        )
    overlay: npt.NDArray[np.integer] = np.asarray(arrays['rgb'])
    return overlay


def _listed(ids: Iterable[int]) -> str:
    """Return ids as text with runs shortened: '0..18, 255'."""
    runs: list[list[int]] = []
    for each in sorted(ids):
        if runs and each == runs[-1][-1] + 1:
            runs[-1].append(each)
        else:
            runs.append([each])
    return ', '.join(
        f'{run[0]}..{run[-1]}' if len(run) > 2 else ', '.join(map(str, run)) for run in runs
    )
