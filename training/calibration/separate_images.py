"""Calibration images must not be training images, and had better not come from their drives."""

from collections.abc import Iterable
from pathlib import PurePosixPath

_SHOWN = 3


def require_separate_images(*, training: Iterable[str], calibration: Iterable[str]) -> None:
    """Refuse to calibrate on images that were trained on.

    Args:
        training: names of frames, as `Frame.name` has them.
        calibration: likewise.

    Raises:
        ValueError: a name is among both.
    """
    shared = sorted(set(training) & set(calibration))
    if shared:
        more = '' if len(shared) <= _SHOWN else f' and {len(shared) - _SHOWN} more'
        raise ValueError(
            f'{len(shared)} calibration images were trained on: {", ".join(shared[:_SHOWN])}'
            f'{more}; thresholds fitted on them would be too low. Give a folder of other images'
        )


def shared_drives(*, training: Iterable[str], calibration: Iterable[str]) -> tuple[str, ...]:
    """Return the drives that both have frames of, in order of name."""
    drives = {drive_of(name) for name in training}
    return tuple(sorted(drives & {drive_of(name) for name in calibration}))


def drive_of(frame_name: str) -> str:
    """Return the drive of a frame named DATASET/DRIVE_NUMBER, as CamVid and Cityscapes name them.

    The number is what follows the last underscore of the stem; a name without one is a drive of
    its own.
    """
    path = PurePosixPath(frame_name)
    stem = path.stem.removesuffix('_leftImg8bit')
    return str(path.with_name(stem.rpartition('_')[0] or stem))


def shared_drives_note(drives: tuple[str, ...]) -> str:
    """Return what `fitted_on` says of shared drives, empty where there is none."""
    if not drives:
        return ''
    return f' (other frames of {", ".join(drives)} were trained on: too low for new drives)'
