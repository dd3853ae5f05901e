"""One labelled camera frame, and what every source of frames offers."""

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

_PNG_START: Final = b'\x89PNG\r\n\x1a\n'
_PNG_END: Final = b'IEND\xaeB`\x82'
_GREY, _PALETTE = 0, 3
_REMEDY: Final = 'copy it again, or take the pair out of the set'


@dataclass(frozen=True)
class Frame:
    """A picture with its labels; `name` says where it came from, for messages."""

    image_rgb: npt.NDArray[np.uint8]
    """(H, W, 3)."""
    label_map: npt.NDArray[np.uint8]
    """(H, W) train ids, `OUTLIER_ID`, `IGNORE_ID`."""
    name: str


class FrameSource(Protocol):
    """Frames by number; the same number always gives the same frame."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int) -> Frame: ...


@dataclass(frozen=True)
class WeightedSource:
    """Frames that count `repeats` times in every epoch."""

    frames: FrameSource
    repeats: int = 1


def read_image_rgb(path: Path) -> npt.NDArray[np.uint8]:
    """Read a picture as (H, W, 3) uint8 RGB.

    Raises:
        ValueError: it is missing, empty, truncated or no picture.
    """
    image_bgr = _decoded(_read_whole(path, kind='picture'), cv2.IMREAD_COLOR)
    if image_bgr is None:
        raise ValueError(f'{path} cannot be read as a picture: its content is damaged; {_REMEDY}')
    return np.asarray(cv2.cvtColor(image_bgr, cv2.COLOR_BGR2RGB), dtype=np.uint8)


def read_label_map(path: Path) -> npt.NDArray[np.uint8]:
    """Read a mask of ids as (H, W) uint8; of a palette PNG the indices.

    Raises:
        ValueError: it is missing, empty or truncated, or not a single channel of 8 bits.
    """
    content = _read_whole(path, kind='mask')
    bit_depth, color_type = content[24:26] if content.startswith(_PNG_START) else (8, _GREY)
    has_palette = color_type == _PALETTE
    mask = _palette_indices(content) if has_palette else _decoded(content, cv2.IMREAD_UNCHANGED)
    if mask is None:
        raise ValueError(f'{path} cannot be read as a mask: its content is damaged; {_REMEDY}')
    if mask.ndim != 2 or mask.dtype != np.uint8:
        raise ValueError(
            f'{path} is {mask.shape} {mask.dtype}, expected one channel of 8 bits; '
            'convert colours or 16-bit ids to class ids first'
        )
    if bit_depth < 8 and not has_palette:  # decoders stretch such values to 0..255
        raise ValueError(
            f'{path} is grey with {bit_depth} bits a pixel, expected 8 bits, so that an id is '
            'what the file holds; save it as 8-bit grey or as a palette PNG'
        )
    return np.asarray(mask, dtype=np.uint8)


def _read_whole(path: Path, *, kind: str) -> bytes:
    """Return a file's content, after a look at its end: decoders may fill up what is missing."""
    if not path.is_file():
        raise ValueError(f'{path} cannot be read as a {kind}: there is no such file; {_REMEDY}')
    content = path.read_bytes()
    if not content:
        raise ValueError(f'{path} cannot be read as a {kind}: the file is empty; {_REMEDY}')
    if _is_truncated(content):
        raise ValueError(
            f'{path} cannot be read as a {kind}: the file is truncated after {len(content)} '
            f'bytes; {_REMEDY}'
        )
    return content


def _is_truncated(content: bytes) -> bool:
    if content.startswith(_PNG_START):
        return _PNG_END not in content
    if content.startswith(b'\xff\xd8'):
        # an end marker before the last scan belongs to a thumbnail
        return content.rfind(b'\xff\xd9') <= content.rfind(b'\xff\xda')
    if content.startswith(b'RIFF'):
        return len(content) < 8 + int.from_bytes(content[4:8], 'little')
    return False


def _decoded(content: bytes, flags: int) -> npt.NDArray[Any] | None:
    return cv2.imdecode(np.frombuffer(content, np.uint8), flags)


def _palette_indices(content: bytes) -> npt.NDArray[np.uint8] | None:
    """OpenCV would turn the indices into colours."""
    try:
        return np.array(Image.open(io.BytesIO(content)), np.uint8)
    except (OSError, SyntaxError):  # Pillow's errors for damaged content
        return None
