"""Score maps that another program stored: .npy, 16-bit .png, or HDF5 as SMIYC's tool writes it."""

import importlib
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

from training.evaluation.scores import ScoreError, Scorer, Scores

SUFFIXES: Final = ('.npy', '.png', '.hdf5', '.h5')
HDF5_DATASET: Final = 'value'
_RATIO_TOLERANCE: Final = 0.02  # of width over height


class StoredScores:
    """A folder of maps, one for each pair, named as the pair."""

    def __init__(self, folder: Path) -> None:
        """Look what the folder holds.

        Raises:
            ScoreError: it is no folder, or holds no map.
        """
        self._folder = folder
        found = [path for path in folder.rglob('*') if path.suffix in SUFFIXES]
        if not found:
            raise ScoreError(
                f'no score map in {folder}: looked for NAME{", NAME".join(SUFFIXES)}, one for '
                'each image of the set'
            )
        self.scorer = Scorer(
            name=folder.name,
            facts=(
                ('scores', f'stored maps, {folder.name}'),
                ('files', f'{len(found)}, {", ".join(sorted({each.suffix for each in found}))}'),
                ('sign', 'taken as they are: higher is more anomalous'),
            ),
            unit='as stored',
        )

    def score(self, name: str, image_rgb: npt.NDArray[np.uint8]) -> Scores:
        """Read the map of a pair; a smaller one is made larger linearly.

        Raises:
            ScoreError: it is missing, cannot be read, has another aspect ratio, or holds NaN.
        """
        candidates = [self._folder / f'{name}{suffix}' for suffix in SUFFIXES]
        path = next((each for each in candidates if each.is_file()), None)
        if path is None:
            raise ScoreError(
                f'no score map of {name!r}; looked for {candidates[0]} and '
                f'{", ".join(SUFFIXES[1:])}'
            )
        energy_map = _read(path)
        height, width = image_rgb.shape[:2]
        if energy_map.shape != (height, width):
            _refuse_other_ratio(energy_map.shape, (height, width), path)
            energy_map = np.asarray(
                cv2.resize(energy_map, (width, height), interpolation=cv2.INTER_LINEAR), np.float32
            )
        return Scores(energy_map=energy_map)

    def close(self) -> None:
        """Nothing is held open."""


def _read(path: Path) -> npt.NDArray[np.float32]:
    values = {'.npy': _read_npy, '.png': _read_png}.get(path.suffix, _read_hdf5)(path)
    values = np.squeeze(values)
    if values.ndim != 2:
        raise ScoreError(f'{path} is {values.shape}, expected (H, W): one score for each pixel')
    energy_map = values.astype(np.float32)
    if np.isnan(energy_map).any():
        raise ScoreError(
            f'{np.count_nonzero(np.isnan(energy_map))} scores of {path} are NaN; every pixel '
            'needs one, void pixels are left out by the labels'
        )
    return energy_map


def _read_npy(path: Path) -> npt.NDArray[Any]:
    try:
        values: npt.NDArray[Any] = np.load(path, allow_pickle=False)
    except (ValueError, EOFError, OSError) as error:
        raise ScoreError(f'{path} is no array file ({error}); write it with numpy.save') from error
    if not np.issubdtype(values.dtype, np.floating):
        raise ScoreError(
            f'{path} holds {values.dtype}, expected a float dtype: whole numbers make ties, which '
            'change AP; store the scores before they are rounded'
        )
    return values


def _read_png(path: Path) -> npt.NDArray[Any]:
    values = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if values is None:
        raise ScoreError(f'{path} cannot be read as a picture; it is empty or truncated')
    if values.dtype != np.uint16:
        raise ScoreError(
            f'{path} is {values.dtype}, expected 16 bits: 256 levels make ties, which change AP; '
            'store .npy, or scale the scores to 0..65535'
        )
    return np.asarray(values)


def _read_hdf5(path: Path) -> npt.NDArray[Any]:
    try:
        h5py = importlib.import_module('h5py')
    except ModuleNotFoundError as error:
        raise ScoreError(
            f'{path} needs the package h5py, which is not installed: pip install h5py, or store '
            '.npy'
        ) from error
    try:
        with h5py.File(path, 'r') as file:
            if HDF5_DATASET not in file:
                raise ScoreError(
                    f'{path} has {sorted(file)}, expected a data set {HDF5_DATASET!r} as the tool '
                    'of SegmentMeIfYouCan writes it'
                )
            return np.asarray(file[HDF5_DATASET][()])
    except OSError as error:
        raise ScoreError(f'{path} is no HDF5 file ({error})') from error


def _refuse_other_ratio(found: tuple[int, ...], expected_hw: tuple[int, int], path: Path) -> None:
    ratio, expected = found[1] / found[0], expected_hw[1] / expected_hw[0]
    if abs(ratio / expected - 1) > _RATIO_TOLERANCE:
        raise ScoreError(
            f'{path} is {found} (height, width), its image {expected_hw}: the aspect ratios '
            'differ; store scores of the whole image'
        )
