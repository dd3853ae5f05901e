"""`python -m hopfield_pebal_ros.inference.detect PATH... --out DIR`: pictures -> results."""

import itertools
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro
from tqdm import tqdm

from hopfield_pebal_ros.inference.detector import DEFAULT_MODEL, AnomalyDetector
from hopfield_pebal_ros.inference.engine import Backend, EngineError, RunPrecision, Tuning
from hopfield_pebal_ros.inference.frame_sources import (
    Frame,
    FrameSource,
    InputError,
    find_sources,
    open_webcam,
)
from hopfield_pebal_ros.inference.output_folder import prepare_output_folder
from hopfield_pebal_ros.inference.result_files import BYTES_PER_PIXEL, Result, ResultFiles


@dataclass(frozen=True, kw_only=True)
class DetectSettings:
    """Segment pictures and find what the network was never taught.

    Writes OUT/labels/*.png, OUT/energy/*.npy (float32, higher is more anomalous), OUT/mask/*.png,
    OUT/overlay/*.png, OUT/*_overlay.mp4 for a video, all at camera size, and OUT/regions.jsonl.
    """

    paths: Annotated[tuple[Path, ...], tyro.conf.Positional, tyro.conf.arg(metavar='PATH...')] = ()
    """Pictures, folders of pictures, video files."""
    webcam: int | None = None
    """Number of a webcam to read instead, until Ctrl-C."""
    out: Path
    """Folder for the results."""
    model: Path = DEFAULT_MODEL
    """Deployable ONNX file."""
    backend: Backend = 'openvino'
    """Runtime."""
    device: str = 'CPU'
    """Device, as the runtime names it."""
    precision: RunPrecision | None = None
    """Of the arithmetic; by default the precision of the file."""
    num_threads: int = 0
    """Threads of the runtime; 0 is every core."""
    cache_folder: Path | None = None
    """Where compiled models are kept for the next start."""
    threshold: float | None = None
    """Energy above which a pixel is anomalous; by default the model's calibrated threshold."""
    min_region_area_px: int = 100
    """Smaller regions are not listed [camera pixels]."""
    save: tuple[Result, ...] = ('labels', 'energy', 'mask', 'overlay')
    """What to write."""
    max_frames: int | None = None
    """Stop after this many frames."""


def main(arguments: Sequence[str] | None = None) -> int:
    settings = tyro.cli(DetectSettings, prog='detect', args=arguments)
    unreadable: list[str] = []
    try:
        num_frames = detect_all(settings, unreadable)
    except (InputError, EngineError, OSError) as error:
        print(f'detect: {error}', file=sys.stderr)  # noqa: T201
        return 1
    except KeyboardInterrupt:
        print('detect: stopped; what was done is in the folder', file=sys.stderr)  # noqa: T201
        return 0 if settings.webcam is not None else 130
    print(f'{settings.out}: {num_frames} frames')  # noqa: T201
    for message in unreadable:
        print(f'detect: {message}', file=sys.stderr)  # noqa: T201
    return 1 if unreadable else 0


def detect_all(settings: DetectSettings, unreadable: list[str]) -> int:
    """Run the detector over every frame and return how many there were.

    Args:
        settings: what to read, run and write.
        unreadable: gets one message for each input that was left out.

    Raises:
        InputError: nothing to read, or a setting out of range; nothing was written.
        EngineError: the model cannot run as asked.
        OSError: no such model; the output folder cannot be written or the disk fills up.
    """
    sources = _sources(settings)
    prepare_output_folder(settings.out, needed_bytes=_needed_bytes(sources, settings))
    detector = _open_detector(settings)
    num_frames = 0
    frames = itertools.islice(_each_frame(sources, unreadable), settings.max_frames)
    try:
        with ResultFiles(settings.out, detector.metadata, settings.save) as files:
            total = _total(sources, settings)
            for source, frame in tqdm(frames, total=total, unit='frame', disable=None):
                (detection,) = detector.detect([frame.image_bgr], color_order='bgr')
                files.write(source, frame, detection)
                num_frames += 1
    finally:
        detector.close()
    return num_frames


def _sources(settings: DetectSettings) -> list[FrameSource]:
    if settings.max_frames is not None and settings.max_frames < 1:
        raise InputError(f'--max-frames must be 1 or more, got {settings.max_frames}')
    if (settings.webcam is None) == (not settings.paths):
        raise InputError(
            f'name pictures, folders or videos, or a webcam with --webcam 0, and not both; got '
            f'{len(settings.paths)} paths and --webcam {settings.webcam}'
        )
    if settings.webcam is not None:
        return [open_webcam(settings.webcam)]
    return find_sources(settings.paths)


def _open_detector(settings: DetectSettings) -> AnomalyDetector:
    try:
        return AnomalyDetector.open(
            settings.model,
            backend=settings.backend,
            device=settings.device,
            precision=settings.precision,
            tuning=Tuning(num_threads=settings.num_threads, cache_folder=settings.cache_folder),
            threshold=settings.threshold,
            min_region_area_px=settings.min_region_area_px,
        )
    except ValueError as error:  # a foreign model file, or a number out of range
        raise InputError(str(error)) from error


def _each_frame(
    sources: Sequence[FrameSource], unreadable: list[str]
) -> Iterator[tuple[FrameSource, Frame]]:
    """Yield every frame; an unreadable source is noted, and the others go on."""
    for source in sources:
        try:
            for frame in source.frames():
                yield source, frame
        except InputError as error:
            unreadable.append(str(error))


def _total(sources: Sequence[FrameSource], settings: DetectSettings) -> int | None:
    """Return the number of frames to come; None where it is not known."""
    known = [source.num_frames for source in sources if source.num_frames is not None]
    if len(known) < len(sources):
        return settings.max_frames
    return min(sum(known), settings.max_frames or sum(known))


def _needed_bytes(sources: Sequence[FrameSource], settings: DetectSettings) -> int:
    """Estimate the size of the results, as if every frame had the size of the first."""
    first = next(_each_frame(sources, []), None)
    if first is None:
        return 0
    num_pixels = first[1].image_bgr.size // 3
    bytes_per_pixel = sum(BYTES_PER_PIXEL[result] for result in settings.save)
    return round(num_pixels * bytes_per_pixel * (_total(sources, settings) or 1))


if __name__ == '__main__':
    sys.exit(main())
