"""Composites rendered once: a frozen network's maps of them are kept, and crops cut out of both.

What is frozen says the same of a picture each time, so it is asked once, about the whole picture
with all its surroundings. A step then costs the heads alone.
"""

import json
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.utils.data import DataLoader
from tqdm import tqdm

from hopfield_pebal_ros.contract.labels import OUTLIER_ID
from training.data.samples import Sample, SampleKey, TrainingSamples
from training.data.workers import WORKER_START, start_worker
from training.memory.network_hash import embedding_sha256
from training.models.anomaly_network import AnomalyNetwork
from training.models.deployed import normalised
from training.processes import LOG_FILE_INTERVAL_S, Processes, autocast
from training.settings import TrainSettings
from training.settings_json import settings_to_json

_CENTRED_SHARE: Final = 0.5
"""Share of crops that have an outlier object in their middle, each object as often as any."""

_DESCRIPTION: Final = 'composites.json'
"""Of what the files hold; written once they are complete."""

_MADE_OF: Final = (
    *('inliers', 'num_drives', 'frames_per_drive', 'network_hw', 'scale', 'crops_stay_inside'),
    *('camera', 'flipped_share', 'exposed_share', 'exposure', 'kept_composites'),
    *('composites_seed', 'network', 'precision'),
)


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


def kept_composites(
    network: AnomalyNetwork, samples: TrainingSamples, settings: TrainSettings, folder: Path
) -> KeptComposites:
    """Open the composites in `folder`; an earlier start or another run may have rendered them.

    Args:
        network: frozen.
        samples: whose pictures have the network's size.
        settings: say how many.
        folder: of the run, or shared; `drop_composites` removes it.

    Raises:
        OSError: not enough room.
        ValueError: the folder holds composites of other data or of another network.
    """
    count, (height, width) = settings.kept_composites, settings.network_hw
    strides, widths = network.closed_set.tap_strides, network.closed_set.tap_widths
    names = network.taps_read()
    dtype = torch.float32 if settings.precision == 'fp32' else torch.bfloat16
    shapes = {
        name: (count, height // strides[name], width // strides[name], widths[name])
        for name in names
    }
    description = _description(network, settings, names)
    is_complete = _is_complete(folder / _DESCRIPTION, description)
    if not is_complete:
        _make_room(folder, shapes, dtype)
    maps = {name: _file(folder / name, shape, dtype) for name, shape in shapes.items()}
    labels = _file(folder / 'label_maps', (count, height, width), torch.uint8)
    if not is_complete:
        _render(network, samples, settings, maps, labels)
        (folder / _DESCRIPTION).write_text(description)
    return KeptComposites(maps, labels, strides=strides)


def drop_composites(folder: Path) -> None:
    """Give the room back; does nothing where there are none."""
    shutil.rmtree(folder, ignore_errors=True)


def _description(network: AnomalyNetwork, settings: TrainSettings, names: Sequence[str]) -> str:
    """Return all that the files depend on, as JSON."""
    written = json.loads(settings_to_json(settings))
    made_of = {name: written[name] for name in _MADE_OF}
    weights = embedding_sha256(network, ('closed_set',))
    return json.dumps({'maps': names, 'weights_sha256': weights, **made_of}, indent=1)


def _is_complete(path: Path, description: str) -> bool:
    if not path.exists():
        return False
    found, expected = json.loads(path.read_text()), json.loads(description)
    differing = [name for name in expected if found.get(name) != expected[name]]
    if differing:
        raise ValueError(
            f'{path.parent} holds composites of another run: {", ".join(differing)} differ; '
            'remove the folder, or give another --composites-folder'
        )
    return True


def _make_room(folder: Path, shapes: Mapping[str, tuple[int, ...]], dtype: torch.dtype) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    needed = sum(int(np.prod(shape)) for shape in shapes.values()) * dtype.itemsize
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise OSError(
            f'the maps of the composites need {needed / 1e9:.1f} GB in {folder}, where '
            f'{free / 1e9:.1f} GB are free; lower --kept-composites, or 0 for fresh ones each step'
        )


def _file(path: Path, shape: tuple[int, ...], dtype: torch.dtype) -> Tensor:
    size = int(np.prod(shape))
    return torch.from_file(str(path), shared=True, size=size, dtype=dtype).view(shape)


def _render(
    network: AnomalyNetwork,
    samples: TrainingSamples,
    settings: TrainSettings,
    maps: Mapping[str, Tensor],
    labels: Tensor,
) -> None:
    network.eval()
    device = next(network.parameters()).device
    pictures = tqdm(
        _pictures(samples, settings),
        desc='composites',
        total=len(labels),
        unit='picture',
        mininterval=0.5 if sys.stderr.isatty() else LOG_FILE_INTERVAL_S,
    )
    for index, sample in enumerate(pictures):
        image = normalised(sample.image.to(device)).contiguous(memory_format=torch.channels_last)
        with torch.inference_mode(), autocast(settings, device):
            found = network.closed_set.taps(image)
        for name, kept in maps.items():
            kept[index] = found[name][0].permute(1, 2, 0)
        labels[index] = sample.labels[0]


def _pictures(samples: TrainingSamples, settings: TrainSettings) -> 'DataLoader[Sample]':
    has_workers = settings.num_workers > 0
    return DataLoader(
        samples,
        batch_sampler=picture_keys(settings, len(samples)),
        num_workers=settings.num_workers,
        worker_init_fn=start_worker,
        generator=torch.Generator(),
        multiprocessing_context=WORKER_START if has_workers else None,
    )


def picture_keys(settings: TrainSettings, num_samples: int) -> list[list[SampleKey]]:
    """Return which samples become composites, one a batch: every frame before any comes again."""
    order = np.random.default_rng(settings.composites_seed).permutation(num_samples)
    places = (divmod(each, num_samples) for each in range(settings.kept_composites))
    return [[SampleKey(epoch, int(order[place]), has_outliers=True)] for epoch, place in places]
