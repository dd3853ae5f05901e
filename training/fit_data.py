"""What scores are fitted on: whole training frames with pasted outliers, as pixels."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import torch
from torch import Tensor

from training.data.augmentations import ViewRange
from training.data.camvid import open_camvid
from training.data.cityscapes import open_cityscapes
from training.data.frames import WeightedSource
from training.data.outlier_exposure import OutlierExposure
from training.data.procedural import DriveFrames, render_frames
from training.data.samples import SampleKey, TrainingSamples
from training.read_network import PixelReadings, ReadNetwork
from training.run_data import FIRST_TRAINING_SEED, training_samples, training_sources
from training.scores.feature_store import is_example, sampled_places
from training.scores.heat_gmm_std import local_deviation
from training.scores.readings import FitBatch

_EPOCH: Final = 2**31 - 1  # no epoch of a run: composites that no training step has seen


@dataclass(frozen=True, kw_only=True)
class FitData:
    """Training frames; without any, those of the run itself."""

    camvid: Path | None = None
    """CamVid training part: images/ and labels/ (11 classes)."""
    cityscapes: Path | None = None
    """Cityscapes training part."""
    num_drives: int = 0
    """Procedural drives of five frames."""
    frame_cache: Path = Path('runs/frames')
    """Where their frames are rendered to."""
    exposure: OutlierExposure = field(default_factory=OutlierExposure)
    """What is pasted."""
    num_composites: int = 120
    """Frames read, evenly spread; outliers are pasted into every other one."""
    pixels_per_class: int = 200
    """Most pixels of a class, or of outliers, taken of a frame."""
    seed: int = 0

    def described(self) -> str:
        """Return the data in words."""
        parts = [
            *(['CamVid training part'] if self.camvid else []),
            *(['Cityscapes training part'] if self.cityscapes else []),
            *([f'{self.num_drives} procedural drives'] if self.num_drives else []),
        ]
        return f'{", ".join(parts) or "the data of the run"}; {self.num_composites} frames'


def fit_samples(data: FitData, network: ReadNetwork) -> TrainingSamples:
    """Open the frames.

    Raises:
        OSError, ValueError: nothing to fit on, or it cannot be read.
    """
    sources = []
    if data.camvid is not None:
        sources.append(WeightedSource(open_camvid(data.camvid)))
    if data.cityscapes is not None:
        sources.append(WeightedSource(open_cityscapes(data.cityscapes)))
    if data.num_drives:
        drives = DriveFrames(
            first_seed=FIRST_TRAINING_SEED,
            num_drives=data.num_drives,
            frames_per_drive=5,
            image_hw=network.network_hw,
        )
        frames, progress = render_frames(drives, data.frame_cache, num_processes=1)
        for _ in progress:
            pass
        sources.append(WeightedSource(frames))
    if not sources:
        if network.settings is None:
            raise ValueError(
                f'{network.name} does not say what it was trained on: give --data.camvid DIR, '
                '--data.cityscapes DIR or --data.num-drives N'
            )
        sources = training_sources(network.settings, network.path.parent)
        return training_samples(network.settings, sources)
    return TrainingSamples(
        sources,
        seed=data.seed,
        view_range=ViewRange(
            network_hw=network.network_hw, crop_hw=network.network_hw, scale=(1.0, 1.0), aspect=1.0
        ),
        exposure=data.exposure,
        exposed_share=1.0,
    )


def fit_batches(
    samples: TrainingSamples, readings: PixelReadings, data: FitData
) -> Iterator[FitBatch]:
    """Yield sampled pixels of one frame at a time, with their local deviations."""
    generator = torch.Generator().manual_seed(data.seed)
    step = max(1, len(samples) // data.num_composites)
    for number, place in enumerate(range(0, len(samples), step)):
        sample = samples[SampleKey(_EPOCH, place, number % 2 == 0)]
        with torch.inference_mode():
            _, (coarse,) = readings(sample.image[None])
            deviations = local_deviation(coarse.features)
        labels = _nearest(sample.labels, (coarse.features.shape[2], coarse.features.shape[3]))
        flat = labels.flatten().long()
        known = torch.nonzero(is_example(flat, num_classes=coarse.class_logits.shape[1])).flatten()
        places = known[
            sampled_places(flat[known], per_class=data.pixels_per_class, generator=generator)
        ]
        yield FitBatch(
            _rows(coarse.features, places),
            _rows(coarse.class_logits, places),
            flat[places],
            _rows(deviations, places),
        )


def _nearest(labels: Tensor, size_hw: tuple[int, int]) -> Tensor:
    """Return (h, w) of labels (H, W): of each cell the label at its middle."""
    rows, columns = (
        ((torch.arange(after) + 0.5) * before / after).long()
        for before, after in zip(labels.shape, size_hw, strict=True)
    )
    return labels[rows][:, columns]


def _rows(maps: Tensor, places: Tensor) -> Tensor:
    """Return (N, C) of maps (1, C, H, W)."""
    return maps[0].flatten(1)[:, places].T.contiguous()
