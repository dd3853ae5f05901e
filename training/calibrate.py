"""python -m training.calibrate RUN/best.pt: fit statistics and thresholds of the energy.

Runs the network over images that it was not trained on (procedural drives held back and, where the
run had it, CamVid validation; with other classes, their set's validation part), in fp32 at output
size, and stores in the checkpoint the mean and standard deviation of inlier energies, thresholds
for 5, 1 and 0.1 % false positives, and the threshold that 95 % of outlier pixels exceed. A
false-positive threshold is guaranteed for a new image, in expectation, where the images are many
enough (conformal risk control); where they are not, it is the quantile of their pixels and is
marked so.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import torch
import tyro

from training.calibration.energy_counts import EnergyCounts
from training.calibration.report_text import fusion_table, threshold_table
from training.calibration.separate_images import (
    require_separate_images,
    shared_drives,
    shared_drives_note,
)
from training.calibration.thresholds import calibration_of
from training.checkpoints import Checkpoint, load_checkpoint, save_checkpoint
from training.data.frames import FrameSource
from training.data.inlier_sets import open_inliers
from training.data.labelled_set import DatasetError, LabelledSet
from training.held_back import calibration_frames
from training.run_data import validation_camvid
from training.settings import TrainSettings
from training.trained_model import deployed_model, fusion_of
from training.validation import OUTPUT_STRIDE, predictions


def calibrated(checkpoint: Checkpoint, run: Path) -> Checkpoint:
    """Return the checkpoint with thresholds fitted on its run's calibration images.

    Raises:
        ValueError: a calibration image was trained on, or the images have no inlier pixel.
    """
    settings = checkpoint.settings
    sets = _calibration_sets(settings, run)
    described = [
        f'{len(frames)} frames of {description}{_separation_note(frames, settings)}'
        for description, frames in sets.items()
    ]
    height, width = settings.network_hw
    model = deployed_model(checkpoint, (height // OUTPUT_STRIDE, width // OUTPUT_STRIDE))
    counts = EnergyCounts()
    for frames in sets.values():
        for each in predictions(model, frames, network_hw=settings.network_hw):
            counts.add(each.energy_map, each.truth())
    calibration = calibration_of(counts, fitted_on=', '.join(described))
    return replace(checkpoint, calibration=calibration)


def _calibration_sets(settings: TrainSettings, run: Path) -> dict[str, FrameSource]:
    """Return what is calibrated on, by its description for people."""
    description, frames = calibration_frames(settings, run)
    found, camvid = {description: frames}, validation_camvid(settings)
    return found if camvid is None else {**found, 'CamVid validation': camvid}


def _separation_note(frames: FrameSource, settings: TrainSettings) -> str:
    """Refuse images that were trained on; return what to say of their drives.

    Procedural drives need no check: their seeds differ.
    """
    names = _names(frames)
    if not names:
        return ''
    try:
        trained = [name for each in open_inliers(settings.inliers) for name in _names(each.frames)]
    except DatasetError:
        return ' (training images are not here: not checked whether these are among them)'
    require_separate_images(training=trained, calibration=names)
    return shared_drives_note(shared_drives(training=trained, calibration=names))


def _names(frames: FrameSource) -> list[str]:
    """Return the names of frames on disk, without reading them."""
    if not isinstance(frames, LabelledSet):
        return []
    return [f'{frames.name}/{pair.name}' for pair in frames.pairs]


def calibration_text(checkpoint: Checkpoint) -> str:
    """Return what was fitted, for people."""
    if checkpoint.calibration is None:
        return 'not calibrated'
    fusion = fusion_of(checkpoint)
    thresholds = threshold_table(checkpoint.calibration, unit=fusion.description().unit)
    offered = checkpoint.settings.energies
    if len(offered) == 1:
        return thresholds
    return f'{thresholds}\n{fusion_table(fusion, offered=offered)}'


def main(argv: Sequence[str] | None = None) -> None:
    arguments = tyro.cli(_Arguments, args=argv, description=__doc__)
    try:
        checkpoint = load_checkpoint(arguments.checkpoint)
        torch.set_num_threads(checkpoint.settings.num_threads)
        checkpoint = calibrated(checkpoint, arguments.checkpoint.parent)
        save_checkpoint(checkpoint, arguments.checkpoint)
    except (OSError, ValueError) as error:
        sys.exit(f'error: {error}')
    sys.stdout.write(calibration_text(checkpoint) + '\n')


@dataclass(frozen=True)
class _Arguments:
    checkpoint: Annotated[Path, tyro.conf.Positional]
    """Checkpoint of training.train; it is rewritten with the calibration inside."""


if __name__ == '__main__':
    main()
