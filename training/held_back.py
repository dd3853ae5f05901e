"""Frames that a run is measured and calibrated on, of the classes that it was taught.

For Cityscapes' classes those are procedural drives. For others it is the validation part of their
set: every other frame to measure on, with outliers pasted, and the rest, as it is, to calibrate.
"""

from dataclasses import replace
from pathlib import Path

from training.data.augmentations import ViewRange
from training.data.frames import Frame, FrameSource, WeightedSource
from training.data.inlier_sets import validation_part
from training.data.labelled_set import LabelledSet
from training.data.samples import SampleKey, TrainingSamples
from training.run_data import (
    VALIDATION_FRAMES,
    all_frames,
    calibration_drives,
    frame_cache,
    rendered,
    validation_drives,
)
from training.settings import TrainSettings

_MEASURED, _CALIBRATED = 0, 1


def validation_frames(settings: TrainSettings, run: Path) -> tuple[str, list[Frame]]:
    """Return a name for figures and the frames, in memory; they have outliers.

    Raises:
        ValueError: the set is not there.
    """
    if settings.inliers.label_set == 'cityscapes':
        drives = rendered(validation_drives(settings), frame_cache(settings, run), settings)
        return 'drives', all_frames(drives)
    count = settings.held_back_drives * VALIDATION_FRAMES
    return 'composites', _composites(_part(settings, _MEASURED, count), settings)


def calibration_frames(settings: TrainSettings, run: Path) -> tuple[str, FrameSource]:
    """Return a description for people and the frames.

    Raises:
        ValueError: the set is not there.
    """
    if settings.inliers.label_set == 'cityscapes':
        drives = calibration_drives(settings)
        described = f'procedural drives {drives.first_seed} and following'
        return described, rendered(drives, frame_cache(settings, run), settings)
    frames = _part(settings, _CALIBRATED, settings.calibration_drives)
    return f'the validation part of {frames.name}', frames


def _part(settings: TrainSettings, offset: int, count: int) -> LabelledSet:
    """Return at most `count` frames, evenly spread over every other one from `offset` on."""
    frames = validation_part(settings.inliers)
    pairs = frames.pairs[offset::2]
    step = max(1, len(pairs) // count)
    return replace(frames, pairs=pairs[::step][:count])


def _composites(frames: LabelledSet, settings: TrainSettings) -> list[Frame]:
    samples = TrainingSamples(
        [WeightedSource(frames)],
        seed=settings.seed,
        view_range=ViewRange(
            network_hw=settings.network_hw,
            crop_hw=settings.network_hw,
            scale=(1.0, 1.0),
            aspect=1.0,
        ),
        exposure=settings.exposure,
        exposed_share=1.0,
    )
    found = []
    for place in range(len(samples)):
        sample = samples[SampleKey(0, place, has_outliers=True)]
        image_rgb = sample.image.permute(1, 2, 0).contiguous().numpy()
        found.append(Frame(image_rgb, sample.labels.numpy(), sample.name))
    return found
