"""Where frames come from without ROS: picture files, folders, video files, a webcam."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import cv2
import numpy as np
import numpy.typing as npt

IMAGE_SUFFIXES: Final = ('.png', '.jpg', '.jpeg', '.webp', '.bmp', '.tif', '.tiff', '.ppm')
VIDEO_SUFFIXES: Final = ('.mp4', '.avi', '.mov', '.mkv', '.webm', '.m4v', '.mpg', '.mpeg')

_FALLBACK_RATE_HZ: Final = 30.0


class InputError(ValueError):
    """An input that cannot be used; the message says which, why, and the remedy."""


@dataclass(frozen=True, eq=False)
class Frame:
    """One picture of a source."""

    name: str
    """Stem of the files made from it; differs from frame to frame."""
    image_bgr: npt.NDArray[np.uint8]
    """(H, W, 3) uint8 BGR."""


class FrameSource(Protocol):
    """A picture, or several of one size."""

    @property
    def name(self) -> str: ...

    @property
    def origin(self) -> str:
        """Path or device, for messages and results."""
        ...

    @property
    def rate_hz(self) -> float | None:
        """Frames per second; None for a single picture."""
        ...

    @property
    def num_frames(self) -> int | None:
        """None where the end is not known."""
        ...

    def frames(self) -> Iterator[Frame]:
        """Yield each frame.

        Raises:
            InputError: it cannot be read.
        """
        ...


@dataclass(frozen=True)
class PictureFile:
    """A single picture."""

    path: Path
    name: str
    rate_hz: float | None = None
    num_frames: int | None = 1

    @property
    def origin(self) -> str:
        return str(self.path)

    def frames(self) -> Iterator[Frame]:
        image = cv2.imread(str(self.path), cv2.IMREAD_COLOR)
        if image is None:
            raise InputError(f'{self.path} is not a readable picture; replace it or leave it out')
        yield Frame(self.name, np.asarray(image, np.uint8))


@dataclass(frozen=True)
class VideoStream:
    """A video file or a webcam."""

    origin: str
    name: str
    rate_hz: float
    num_frames: int | None
    location: str | int
    """As OpenCV opens it."""

    def frames(self) -> Iterator[Frame]:
        capture = _open_capture(self.location)
        try:
            index = 0
            while True:
                was_read, image = capture.read()
                if not was_read:
                    break
                yield Frame(f'{self.name}_{index:06d}', np.asarray(image, np.uint8))
                index += 1
        finally:
            capture.release()
        if not index:
            raise InputError(f'{self.origin} holds no readable frame; replace it or leave it out')


def find_sources(paths: Sequence[Path]) -> list[FrameSource]:
    """Return the picture files, the pictures of folders, and the video files that were named.

    Raises:
        InputError: nothing there, a folder without pictures, or a video that does not open.
    """
    files = [file for path in paths for file in _files_of(path)]
    names = _unique_names(files)
    return [
        open_video(file, name)
        if file.suffix.lower() in VIDEO_SUFFIXES
        else PictureFile(file, name)
        for file, name in zip(files, names, strict=True)
    ]


def open_video(path: Path, name: str) -> VideoStream:
    """Find out the rate and the length of a video file.

    Raises:
        InputError: it does not open.
    """
    capture = _open_capture(str(path))
    length = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
    rate_hz = capture.get(cv2.CAP_PROP_FPS)
    capture.release()
    return VideoStream(
        origin=str(path),
        name=name,
        rate_hz=rate_hz if rate_hz > 0 else _FALLBACK_RATE_HZ,
        num_frames=length if length > 0 else None,
        location=str(path),
    )


def open_webcam(index: int) -> VideoStream:
    """Make sure that webcam `index` is there.

    Raises:
        InputError: it is not, or another program holds it.
    """
    capture = _open_capture(index)
    rate_hz = capture.get(cv2.CAP_PROP_FPS)
    capture.release()
    return VideoStream(
        origin=f'webcam {index}',
        name=f'webcam{index}',
        rate_hz=rate_hz if rate_hz > 0 else _FALLBACK_RATE_HZ,
        num_frames=None,
        location=index,
    )


def _files_of(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise InputError(f'{path} is not there; name a picture, a folder or a video file')
    found = sorted(each for each in path.iterdir() if each.is_file())
    pictures = [each for each in found if each.suffix.lower() in IMAGE_SUFFIXES]
    if not pictures:
        raise InputError(
            f'no pictures in folder {path}: looked for {", ".join(IMAGE_SUFFIXES)}, found '
            f'{len(found)} other files; videos are named one by one'
        )
    return pictures


def _unique_names(files: Sequence[Path]) -> list[str]:
    """Return the stems; a stem that comes again gets a number."""
    taken = {file.stem for file in files}
    used: set[str] = set()
    names = []
    for file in files:
        numbered = (f'{file.stem}_{number}' for number in itertools.count(2))
        name = file.stem
        while name in used or (name != file.stem and name in taken):
            name = next(numbered)
        used.add(name)
        names.append(name)
    return names


def _open_capture(location: str | int) -> Any:
    capture = cv2.VideoCapture(location)
    if capture.isOpened():
        return capture
    if isinstance(location, int):
        raise InputError(
            f'no webcam {location} opens; is it plugged in, allowed, and not in use? '
            'Try another number with --webcam'
        )
    raise InputError(f'{location} is not a readable video; replace it or leave it out')
