"""Crops of composites, cut out of their labels and of a frozen network's maps of them alike."""

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from hopfield_pebal_ros.contract.labels import OUTLIER_ID
from training.processes import Processes
from training.settings import TrainSettings

_CENTRED_SHARE: Final = 0.5
"""Share of crops that have an outlier object in their middle, each object as often as any."""


class MapCrops(NamedTuple):
    """A batch of crops of composites: what the frozen network says of them, and their labels."""

    maps: dict[str, Tensor]
    """Name to (B, C, h / stride, w / stride)."""
    labels: Tensor
    """(B, h, w) uint8 train ids, `OUTLIER_ID`, `IGNORE_ID`."""
    name: list[str]

    def part(self, which: slice) -> 'MapCrops':
        maps = {name: each[which] for name, each in self.maps.items()}
        return MapCrops(maps, self.labels[which], self.name[which])


class KeptComposites:
    """Labels and maps of whole composites, in files that are mapped into memory."""

    def __init__(
        self, maps: Mapping[str, Tensor], labels: Tensor, *, strides: Mapping[str, int]
    ) -> None:
        """Wrap maps (N, H / stride, W / stride, C) and labels (N, H, W) uint8."""
        self._maps = dict(maps)
        self._labels = labels
        self._strides = {name: strides[name] for name in maps}
        self._cell = max(self._strides.values())

    def __len__(self) -> int:
        return len(self._labels)

    def batches(
        self, settings: TrainSettings, *, first_step: int, processes: Processes | None = None
    ) -> Iterator[MapCrops]:
        """Yield the batches from `first_step` on, or this process's share of them."""
        size = settings.batch_size
        for step in range(first_step, settings.total_steps):
            numbers = (processes or Processes()).share_of(
                list(range(step * size, (step + 1) * size))
            )
            yield self._crops([(settings.seed, each) for each in numbers], settings.crop_hw)

    def _crops(self, seeds: list[tuple[int, int]], crop_hw: tuple[int, int]) -> MapCrops:
        maps: dict[str, list[Tensor]] = {name: [] for name in self._maps}
        labels, names = [], []
        for seed in seeds:
            rng = np.random.default_rng(seed)
            index = int(rng.integers(len(self)))
            corner = self._corner(self._labels[index].numpy(), crop_hw, rng)
            is_flipped = bool(rng.random() < 0.5)
            for name, found in maps.items():
                stride = self._strides[name]
                piece = _cut(self._maps[name][index], corner, crop_hw, stride=stride)
                found.append(piece.flip(1) if is_flipped else piece)
            piece = _cut(self._labels[index], corner, crop_hw, stride=1)
            labels.append(piece.flip(1) if is_flipped else piece)
            names.append(f'composite {index}')
        stacked = {name: torch.stack(found).permute(0, 3, 1, 2) for name, found in maps.items()}
        return MapCrops(stacked, torch.stack(labels), names)

    def _corner(
        self, label_map: npt.NDArray[np.uint8], crop_hw: tuple[int, int], rng: np.random.Generator
    ) -> tuple[int, int]:
        """Choose row and column of a crop, multiples of the coarsest stride."""
        free = [
            (whole - crop) // self._cell
            for whole, crop in zip(label_map.shape, crop_hw, strict=True)
        ]
        outliers, regions = cv2.connectedComponents((label_map == OUTLIER_ID).astype(np.uint8))
        if outliers > 1 and rng.random() < _CENTRED_SHARE:
            chosen = np.flatnonzero(regions == rng.integers(1, outliers))
            middle = divmod(int(rng.choice(chosen)), label_map.shape[1])
            cells = [
                (at - crop // 2) // self._cell for at, crop in zip(middle, crop_hw, strict=True)
            ]
            top, left = (min(max(at, 0), last) for at, last in zip(cells, free, strict=True))
        else:
            top, left = (int(rng.integers(last + 1)) for last in free)
        return top * self._cell, left * self._cell


def _cut(
    whole: Tensor, corner: tuple[int, int], crop_hw: tuple[int, int], *, stride: int
) -> Tensor:
    """Return the crop of a map (H / stride, W / stride, ...), corner and size in image pixels."""
    rows, columns = (
        slice(start // stride, (start + length) // stride)
        for start, length in zip(corner, crop_hw, strict=True)
    )
    return whole[rows, columns]
