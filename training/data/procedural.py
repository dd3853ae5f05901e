"""Frames of procedural drives, rendered once into a folder and read back from there."""

import json
import multiprocessing
import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import cv2

from hopfield_pebal_ros.scenes.drive import Drive
from training.data.frames import Frame, read_image_rgb, read_label_map
from training.data.workers import WORKER_START, start_worker

JPEG_QUALITY: Final = 95


@dataclass(frozen=True, kw_only=True)
class DriveFrames:
    """Which frames of which drives.

    Seeds count from `first_seed`. Sets of frames are disjoint where their seeds are: a seed fixes
    the whole drive.
    """

    first_seed: int
    num_drives: int
    frames_per_drive: int
    seconds_between_frames: float = 1.0
    image_hw: tuple[int, int] = (512, 1024)
    has_outliers: bool = True

    def __len__(self) -> int:
        return self.num_drives * self.frames_per_drive

    def key(self, index: int) -> tuple[int, int]:
        """Return drive seed and frame number in the drive of frame `index`."""
        drive, frame = divmod(index, self.frames_per_drive)
        return self.first_seed + drive, frame

    def folder_name(self) -> str:
        """Return a name that differs wherever the pictures differ."""
        height, width = self.image_hw
        outliers = 'outliers' if self.has_outliers else 'inliers'
        return (
            f'drives_{self.first_seed}_{self.num_drives}x{self.frames_per_drive}'
            f'_{self.seconds_between_frames:g}s_{width}x{height}_{outliers}'
        )


class RenderedFrames:
    """Frames that lie in a folder as JPEG and PNG."""

    def __init__(self, frames: DriveFrames, folder: Path) -> None:
        self._frames = frames
        self.folder = folder

    def __len__(self) -> int:
        return len(self._frames)

    def __getitem__(self, index: int) -> Frame:
        if not 0 <= index < len(self):
            raise IndexError(f'frame {index} of {len(self)}')
        picture, mask = _paths(self.folder, *self._frames.key(index))
        return Frame(read_image_rgb(picture), read_label_map(mask), f'drive/{picture.name}')


def render_frames(
    frames: DriveFrames, cache: Path, *, num_processes: int
) -> tuple[RenderedFrames, Iterator[int]]:
    """Prepare frames in `cache`, rendering those that are not there yet.

    Args:
        frames: which.
        cache: parent of the folder that holds them.
        num_processes: drives rendered at a time.

    Returns:
        The frames, and an iterator that renders one drive after another and yields how many
        frames each added; run it to its end before reading.
    """
    folder = cache / frames.folder_name()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / 'frames.json').write_text(json.dumps(asdict(frames), indent=1))
    return RenderedFrames(frames, folder), _render_missing(frames, folder, num_processes)


def _render_missing(frames: DriveFrames, folder: Path, num_processes: int) -> Iterator[int]:
    seeds = range(frames.first_seed, frames.first_seed + frames.num_drives)
    jobs = [(frames, folder, seed) for seed in seeds]
    if num_processes == 1:
        yield from map(_render_drive, jobs)
        return
    context = multiprocessing.get_context(WORKER_START)
    with ProcessPoolExecutor(num_processes, context, start_worker, (0,)) as pool:
        yield from pool.map(_render_drive, jobs)


def _render_drive(job: tuple[DriveFrames, Path, int]) -> int:
    frames, folder, seed = job
    missing = [
        each for each in range(frames.frames_per_drive) if not _is_there(folder, seed, each)
    ]
    if missing:
        drive = Drive(seed, image_hw=frames.image_hw, outliers=frames.has_outliers)
        _write_frames(drive, missing, frames, folder=folder, seed=seed)
    return frames.frames_per_drive


def _write_frames(
    drive: Drive, numbers: Iterable[int], frames: DriveFrames, *, folder: Path, seed: int
) -> None:
    for number in numbers:
        scene = drive.frame(number, rate_hz=1 / frames.seconds_between_frames)
        picture, mask = _paths(folder, seed, number)
        image_bgr = cv2.cvtColor(scene.image_rgb, cv2.COLOR_RGB2BGR)
        quality = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
        _write(mask, cv2.imencode('.png', scene.label_map)[1].tobytes())
        _write(picture, cv2.imencode('.jpg', image_bgr, quality)[1].tobytes())


def _write(path: Path, content: bytes) -> None:
    """Write a file so that it is either whole or not there, also when interrupted."""
    partial = path.with_name(f'{path.name}.{os.getpid()}.partial')
    partial.write_bytes(content)
    partial.replace(path)


def _is_there(folder: Path, seed: int, number: int) -> bool:
    return all(each.is_file() for each in _paths(folder, seed, number))


def _paths(folder: Path, seed: int, number: int) -> tuple[Path, Path]:
    stem = f'{seed:06d}_{number:04d}'
    return folder / f'{stem}.jpg', folder / f'{stem}.png'
