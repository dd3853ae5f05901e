"""`python -m hopfield_pebal_ros.replay.bag_from_images DIR --out BAG`: pictures -> a bag."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import cv2
import numpy as np
import numpy.typing as npt
import tyro
from tqdm import tqdm

from hopfield_pebal_ros.inference.output_folder import OutputFolderError, prepare_output_folder
from hopfield_pebal_ros.replay.bag_writer import BagWriter, image_message
from hopfield_pebal_ros.replay.bags import CAMERA_TOPIC, LABEL_TOPIC, BagError

IMAGE_SUFFIXES: Final = ('.png', '.jpg', '.jpeg', '.webp', '.bmp', '.tif', '.tiff')


class PictureError(ValueError):
    """A folder or a picture that cannot go into a bag; the message says which and why."""


@dataclass(frozen=True, kw_only=True)
class BagFromImages:
    """Write a folder of pictures, in the order of their names, into a rosbag2 bag (mcap)."""

    directory: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar='DIR')]
    """Folder with the pictures."""
    out: Path
    """Bag to make, a folder."""
    rate: float = 10.0
    """Frames per second of the header stamps [Hz]."""
    labels: Path | None = None
    """Folder with one single-channel PNG per picture, of the same stem: class ids, 254 outlier,
    255 ignore."""
    frame_id: str = 'camera'
    """Frame id of the headers."""
    start_s: int = 1_700_000_000
    """Header stamp of the first picture [s since 1970]."""


@dataclass(frozen=True)
class LabelledPicture:
    """One picture file and, where labels are given, its label file."""

    image: Path
    labels: Path | None


def main(arguments: Sequence[str] | None = None) -> int:
    settings = tyro.cli(BagFromImages, prog='bag_from_images', args=arguments)
    try:
        num_frames = write_bag(settings)
    except (BagError, OutputFolderError, PictureError) as error:
        print(f'bag_from_images: {error}', file=sys.stderr)  # noqa: T201
        return 1
    print(f'{settings.out}: {num_frames} frames at {settings.rate:g} Hz')  # noqa: T201
    return 0


def write_bag(settings: BagFromImages) -> int:
    """Write the bag and return the number of frames.

    Raises:
        PictureError: empty folder, unreadable picture, missing or misfitting label, bad rate.
        BagError: the bag exists already.
        OutputFolderError: it cannot be written, or the disk has too little space.
    """
    if not settings.rate > 0:
        raise PictureError(f'--rate must be positive, got {settings.rate:g} Hz')
    pairs = find_pictures(settings.directory, settings.labels)
    first = read_picture(pairs[0].image)
    bytes_per_frame = first.nbytes + (first.nbytes // 3 if settings.labels else 0)
    prepare_output_folder(settings.out.parent, needed_bytes=len(pairs) * bytes_per_frame)
    topics = {CAMERA_TOPIC: 'reliable'}
    if settings.labels:
        topics[LABEL_TOPIC] = 'reliable'
    with BagWriter(settings.out, topics) as writer:
        for index, pair in enumerate(tqdm(pairs, unit='frame', disable=None)):
            stamp_ns = settings.start_s * 1_000_000_000 + round(index * 1e9 / settings.rate)
            for topic, encoding, pixels in _frame(pair):
                message = image_message(
                    pixels, encoding, stamp_ns=stamp_ns, frame_id=settings.frame_id
                )
                writer.write(topic, stamp_ns, message)
    return len(pairs)


def find_pictures(directory: Path, labels: Path | None) -> list[LabelledPicture]:
    """Pair pictures with labels of the same stem, in the order of their names.

    Raises:
        PictureError: no folder, no picture in it, or a picture without a label file.
    """
    for folder in (directory, labels):
        if folder is not None and not folder.is_dir():
            raise PictureError(f'{folder} is not a folder; name a folder of pictures')
    images = sorted(path for path in directory.iterdir() if path.suffix.lower() in IMAGE_SUFFIXES)
    if not images:
        raise PictureError(
            f'no pictures in {directory}: looked for {", ".join(IMAGE_SUFFIXES)}, found '
            f'{sum(1 for _ in directory.iterdir())} other entries'
        )
    if labels is None:
        return [LabelledPicture(image, None) for image in images]
    pairs = [LabelledPicture(image, labels / f'{image.stem}.png') for image in images]
    missing = [pair.labels.name for pair in pairs if pair.labels and not pair.labels.is_file()]
    if missing:
        raise PictureError(
            f'{len(missing)} of {len(pairs)} pictures have no label file in {labels}: '
            f'{", ".join(missing[:3])}{", ..." if missing[3:] else ""}; '
            'each picture needs a PNG of the same stem'
        )
    return pairs


def read_picture(path: Path) -> npt.NDArray[np.uint8]:
    """Read a picture as (H, W, 3) uint8 BGR.

    Raises:
        PictureError: it cannot be read.
    """
    pixels = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if pixels is None:
        raise PictureError(f'{path} is not a readable picture; replace it or take it out')
    return np.asarray(pixels, np.uint8)


def read_labels(path: Path) -> npt.NDArray[np.uint8]:
    """Read a label picture as (H, W) uint8 class ids.

    Raises:
        PictureError: it cannot be read, or is not one channel of 8 bits.
    """
    label_map = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if label_map is None:
        raise PictureError(f'{path} is not a readable picture; replace it or take it out')
    if label_map.ndim != 2 or label_map.dtype != np.uint8:
        raise PictureError(
            f'{path} must be one channel of 8 bits with class ids, got shape {label_map.shape} '
            f'{label_map.dtype}; colour pictures of labels must be turned into ids first'
        )
    return np.asarray(label_map, np.uint8)


def _frame(pair: LabelledPicture) -> Iterator[tuple[str, str, npt.NDArray[np.uint8]]]:
    image_bgr = read_picture(pair.image)
    yield CAMERA_TOPIC, 'bgr8', image_bgr
    if pair.labels is None:
        return
    label_map = read_labels(pair.labels)
    if label_map.shape != image_bgr.shape[:2]:
        raise PictureError(
            f'{pair.labels} is {label_map.shape[1]}x{label_map.shape[0]} px, its picture is '
            f'{image_bgr.shape[1]}x{image_bgr.shape[0]} px; they must have one size'
        )
    yield LABEL_TOPIC, 'mono8', label_map


if __name__ == '__main__':
    sys.exit(main())
