"""Composites rendered once: a frozen network's maps of them are kept in files.

What is frozen says the same of a picture each time, so it is asked once, about the whole picture
with all its surroundings. A step then costs the heads alone.
"""

import json
import math
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader
from tqdm import tqdm

from training.data.samples import Sample, SampleKey, TrainingSamples
from training.data.workers import WORKER_START, start_worker
from training.kept_composites import KeptComposites
from training.memory.network_hash import embedding_sha256
from training.models.anomaly_network import AnomalyNetwork
from training.models.deployed import normalised
from training.processes import DTYPES, LOG_FILE_INTERVAL_S, autocast
from training.settings import TrainSettings
from training.settings_json import settings_to_json

_DESCRIPTION: Final = 'composites.json'
"""Of what the files hold; written once they are complete."""

_MADE_OF: Final = (
    *('inliers', 'num_drives', 'frames_per_drive', 'network_hw', 'scale', 'crops_stay_inside'),
    *('camera', 'flipped_share', 'exposed_share', 'exposure', 'kept_composites'),
    *('composites_seed', 'network', 'precision'),
)


def open_composites(
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
    dtype = DTYPES[settings.precision]
    shapes = {
        name: (count, height // strides[name], width // strides[name], widths[name])
        for name in names
    }
    description = _description(network, settings, names)
    is_complete = _is_complete(folder / _DESCRIPTION, description)
    if not is_complete:
        map_bytes = sum(map(math.prod, shapes.values())) * dtype.itemsize
        _make_room(folder, map_bytes + count * height * width)
    maps = {name: _file(folder / name, shape, dtype) for name, shape in shapes.items()}
    labels = _file(folder / 'label_maps', (count, height, width), torch.uint8)
    if not is_complete:
        _render(network, samples, settings, maps, labels)
        (folder / _DESCRIPTION).write_text(description)
    return KeptComposites(maps, labels, strides=strides)


def drop_composites(folder: Path) -> None:
    """Give the room back; does nothing where there are none."""
    if folder.exists():
        shutil.rmtree(folder)


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


def _make_room(folder: Path, needed_bytes: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(folder).free
    if needed_bytes > free:
        raise OSError(
            f'the maps of the composites need {needed_bytes / 1e9:.1f} GB in {folder}, where '
            f'{free / 1e9:.1f} GB are free; lower --kept-composites, or 0 for fresh ones each step'
        )


def _file(path: Path, shape: tuple[int, ...], dtype: torch.dtype) -> Tensor:
    size = math.prod(shape)
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
