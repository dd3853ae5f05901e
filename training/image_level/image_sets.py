"""Pictures with or without class folders: a folder, a zip file, or a set of torchvision."""

import io
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Final, Protocol

import cv2
import numpy as np
import numpy.typing as npt
import torch
import torchvision
from PIL import Image
from torch import Tensor

SUFFIXES: Final = ('.jpg', '.jpeg', '.png', '.webp', '.bmp')
TORCHVISION: Final = 'torchvision:'

Rgb = npt.NDArray[np.uint8]


class ImageSet(Protocol):
    """Pictures and the names of their classes."""

    @property
    def class_of(self) -> Sequence[str]:
        """The class of each picture; '' where the set has none."""
        ...

    def picture(self, index: int) -> Rgb:
        """(H, W, 3) uint8 RGB."""
        ...


@dataclass(frozen=True, eq=False)
class FileImages:
    """Pictures in a folder or a zip file; the folder that one lies in is its class."""

    root: Path | zipfile.Path
    files: tuple[str, ...]
    class_of: tuple[str, ...]

    def picture(self, index: int) -> Rgb:
        file = self.root / self.files[index]
        return decoded(file.read_bytes(), str(file))


@dataclass(frozen=True, eq=False)
class TorchvisionImages:
    """A set of torchvision that is on the disk already."""

    dataset: Any
    class_of: tuple[str, ...]

    def picture(self, index: int) -> Rgb:
        image, _ = self.dataset[index]
        return np.asarray(image.convert('RGB'), np.uint8)


def open_images(spec: str) -> ImageSet:
    """Open 'DIR', 'FILE.zip' or 'torchvision:NAME:ROOT:train|test'.

    Raises:
        ValueError: there is no picture, or the form is unknown; the message says the remedy.
    """
    if spec.startswith(TORCHVISION):
        return _from_torchvision(spec)
    folder = Path(spec)
    root: Path | zipfile.Path = folder
    if folder.is_dir():
        names = [each.relative_to(folder).as_posix() for each in folder.rglob('*')]
    elif zipfile.is_zipfile(folder):
        root = zipfile.Path(folder)  # reads its directory once, not once a picture
        names = root.root.namelist()
    else:
        raise ValueError(
            f'{spec} is neither a folder nor a zip file; give one, or torchvision:NAME:ROOT:test'
        )
    files = sorted(each for each in names if PurePosixPath(each).suffix.lower() in SUFFIXES)
    if not files:
        raise ValueError(f'{spec} holds no picture of {", ".join(SUFFIXES)}')
    classes = tuple(PurePosixPath(each).parent.name for each in files)
    return FileImages(root, tuple(files), classes)


def batches(
    images: ImageSet,
    places: Sequence[int],
    *,
    image_px: int,
    batch_size: int = 100,
    crops: int = 0,
    seed: int = 0,
) -> Iterator[Tensor]:
    """Yield pictures (B, 3, image_px, image_px) uint8 RGB.

    Args:
        images: the set.
        places: which of its pictures, in this order.
        image_px: side.
        batch_size: B.
        crops: 0 takes the middle square of each picture once; n takes n random squares of half
            to the whole of its shorter side, for large pictures without one object.
        seed: of the squares.
    """
    rng = np.random.default_rng(seed)
    waiting: list[Rgb] = []
    for place in places:
        picture = images.picture(place)
        for number in range(max(crops, 1)):
            del number
            waiting.append(_square(picture, image_px, rng if crops else None))
            if len(waiting) == batch_size:
                yield _stacked(waiting)
                waiting = []
    if waiting:
        yield _stacked(waiting)


def decoded(content: bytes, name: str) -> Rgb:
    """Return (H, W, 3) uint8 RGB.

    Raises:
        ValueError: it is no picture.
    """
    try:
        return np.asarray(Image.open(io.BytesIO(content)).convert('RGB'), np.uint8)
    except (OSError, ValueError) as error:
        raise ValueError(f'{name} cannot be read as a picture ({error})') from error


def _square(picture: Rgb, side_px: int, rng: np.random.Generator | None) -> Rgb:
    height, width = picture.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    if rng is not None:
        side = int(rng.integers(side // 2, side + 1))
        top, left = int(rng.integers(height - side + 1)), int(rng.integers(width - side + 1))
    part = picture[top : top + side, left : left + side]
    if side == side_px:
        return part
    shrinks = side > side_px
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(part, (side_px, side_px), interpolation=method), np.uint8)


def _stacked(pictures: Sequence[Rgb]) -> Tensor:
    return torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).contiguous()


def _from_torchvision(spec: str) -> TorchvisionImages:
    parts = spec.removeprefix(TORCHVISION).split(':')
    if len(parts) != 3 or parts[2] not in ('train', 'test'):
        raise ValueError(f'{spec!r} must be torchvision:NAME:ROOT:train or ...:test')
    name, root, split = parts
    kind = getattr(torchvision.datasets, name, None)
    if kind is None:
        raise ValueError(f'torchvision has no data set {name!r}')
    try:
        if name in ('SVHN', 'DTD', 'STL10', 'GTSRB', 'Food101', 'Flowers102'):
            dataset = kind(root, split=split, download=False)
        else:
            dataset = kind(root, train=split == 'train', download=False)
    except (RuntimeError, TypeError) as error:
        raise ValueError(f'{spec}: {error}; put the set there first') from error
    labels = getattr(dataset, 'targets', None)
    if labels is None:
        labels = getattr(dataset, 'labels', [0] * len(dataset))
    names = getattr(dataset, 'classes', None)
    classes = tuple(str(names[int(each)]) if names else str(int(each)) for each in labels)
    return TorchvisionImages(dataset, classes)
