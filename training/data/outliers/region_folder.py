"""Regions that people drew in BSDS500: shapes without a class, cut out of any photograph."""

from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy.io import loadmat  # type: ignore[import-untyped]

from training.data.frames import read_image_rgb
from training.data.outliers.cut_out import CutOut, cut_out
from training.data.outliers.picture_files import check_same_size, find_pairs

SMALLEST_SHARE: Final = 0.006
LARGEST_SHARE: Final = 0.3
"""Of the picture's pixels."""

PEOPLE: Final = 4
"""How many outlined each picture; often there are more."""


class RegionFolder:
    """`DIR/images/**/STEM.jpg` with `DIR/groundTruth/**/STEM.mat`."""

    def __init__(self, folder: Path) -> None:
        """List the pairs.

        Raises:
            FileNotFoundError: there are none.
        """
        self._pairs = find_pairs(
            folder / 'images',
            folder / 'groundTruth',
            suffix='.mat',
            wanted='give a folder with images/ and groundTruth/ (BSDS500) inside',
        )
        self.name = f'{folder} (BSDS regions)'

    def __len__(self) -> int:
        return len(self._pairs) * PEOPLE

    def cut_outs(self, index: int) -> tuple[CutOut, ...]:
        """Return the usable regions that one person saw in one picture."""
        picture, regions = self._pairs[index // PEOPLE]
        image_rgb, region_map = read_image_rgb(picture), _region_map(regions, index % PEOPLE)
        check_same_size(image_rgb, region_map, picture=picture, mask=regions)
        found = (
            cut_out(image_rgb, (region_map == region) * np.uint8(255))
            for region in inner_regions(region_map)
        )
        return tuple(each for each in found if each)


def inner_regions(region_map: npt.NDArray[np.uint16]) -> list[int]:
    """Return the regions of fitting size that do not touch the border.

    Args:
        region_map: (H, W) uint16, a number for each region.
    """
    share = np.bincount(region_map.ravel()) / region_map.size
    share[region_map[[0, -1]].ravel()] = 0
    share[region_map[:, [0, -1]].ravel()] = 0
    return np.flatnonzero((share >= SMALLEST_SHARE) & (share <= LARGEST_SHARE)).tolist()


def _region_map(path: Path, person: int) -> npt.NDArray[np.uint16]:
    try:
        people: Any = loadmat(path)['groundTruth'].ravel()
        return np.asarray(people[person % len(people)]['Segmentation'][0, 0], np.uint16)
    # scipy raises nearly anything on a damaged file
    except Exception as error:
        raise ValueError(
            f'{path} cannot be read as BSDS500 regions ({error!r}); expected a MATLAB file with '
            'groundTruth{n}.Segmentation'
        ) from error
