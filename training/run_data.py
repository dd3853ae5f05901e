"""The frames of a run: training, validation and calibration, and their disjoint drive seeds."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tqdm import tqdm

from training.data.augmentations import ViewRange
from training.data.camvid import open_camvid
from training.data.frames import Frame, FrameSource, WeightedSource
from training.data.inlier_sets import open_inliers
from training.data.procedural import DriveFrames, RenderedFrames, render_frames
from training.data.samples import TrainingSamples
from training.settings import TrainSettings

FIRST_TRAINING_SEED: Final = 10_000
FIRST_VALIDATION_SEED: Final = 900_000
FIRST_CALIBRATION_SEED: Final = 950_000

VALIDATION_FRAMES: Final = 3
"""Of each drive."""


def training_drives(settings: TrainSettings) -> DriveFrames:
    return DriveFrames(
        first_seed=FIRST_TRAINING_SEED,
        num_drives=settings.num_drives,
        frames_per_drive=settings.frames_per_drive,
        image_hw=settings.network_hw,
    )


def validation_drives(settings: TrainSettings) -> DriveFrames:
    return DriveFrames(
        first_seed=FIRST_VALIDATION_SEED,
        num_drives=settings.held_back_drives,
        frames_per_drive=VALIDATION_FRAMES,
        seconds_between_frames=2.0,
        image_hw=settings.network_hw,
    )


def calibration_drives(settings: TrainSettings) -> DriveFrames:
    return DriveFrames(
        first_seed=FIRST_CALIBRATION_SEED,
        num_drives=settings.calibration_drives,
        frames_per_drive=1,
        image_hw=settings.network_hw,
    )


def rendered(frames: DriveFrames, cache: Path, settings: TrainSettings) -> RenderedFrames:
    """Render what is not in `cache` yet, with a progress bar, and return the frames."""
    found, progress = render_frames(frames, cache, num_processes=settings.num_threads)
    with tqdm(total=len(frames), desc=f'frames in {found.folder.name}', unit='frame') as bar:
        for count in progress:
            bar.update(count)
    return found


def frame_cache(settings: TrainSettings, run: Path) -> Path:
    return settings.frame_cache or run / 'frames'


def training_samples(
    settings: TrainSettings, sources: Sequence[WeightedSource]
) -> TrainingSamples:
    """Return the samples of a run from the frames of `training_sources`.

    They are crops, or whole pictures where crops are cut out of the network's maps later.
    """
    picture_hw = settings.network_hw if settings.kept_composites else settings.crop_hw
    return TrainingSamples(
        sources,
        seed=settings.composites_seed if settings.kept_composites else settings.seed,
        view_range=ViewRange(
            network_hw=settings.network_hw,
            crop_hw=picture_hw,
            scale=settings.scale,
            stays_inside=settings.crops_stay_inside,
        ),
        exposure=settings.exposure,
        exposed_share=settings.exposed_share,
        flipped_share=settings.flipped_share,
        camera=settings.camera,
    )


def training_sources(settings: TrainSettings, run: Path) -> list[WeightedSource]:
    """Open the real sets and render the drives.

    Raises:
        ValueError: there is neither, or a set cannot be used.
    """
    sources = open_inliers(settings.inliers)
    if settings.num_drives:
        drives = rendered(training_drives(settings), frame_cache(settings, run), settings)
        sources.append(WeightedSource(drives))
    if not sources:
        raise ValueError(
            'nothing to train on: give a set, such as --cityscapes or --folder, or drives'
        )
    return sources


def validation_camvid(settings: TrainSettings) -> FrameSource | None:
    return None if settings.val_camvid is None else open_camvid(settings.val_camvid, 'val')


def all_frames(source: FrameSource) -> list[Frame]:
    """Read a source into memory."""
    return [source[index] for index in range(len(source))]
