"""sensor_msgs/CompressedImage to pixels: JPEG and PNG, 8 and 16 bit, whole files only."""

from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.node.image_messages import (
    ColorOrder,
    ImageMessageError,
    bytes_of,
    demosaic,
    to_color,
)

_ENDS: Final = {b'\xff\xd8\xff': b'\xff\xd9', b'\x89PNG\r\n\x1a\n': b'IEND'}
"""First bytes of a JPEG and of a PNG file -> what its last bytes hold."""

_TAIL_BYTES: Final = 1024
"""Some cameras pad their files; a cut one would be decoded to a half grey image."""

_GRAY_SCALE_16: Final = 1 / 257


def any_to_color(message: Any) -> tuple[npt.NDArray[np.uint8], ColorOrder]:
    """Read the pixels of an Image or a CompressedImage; see the two functions for each."""
    return to_color(message) if hasattr(message, 'encoding') else decode(message)


def decode(message: Any) -> tuple[npt.NDArray[np.uint8], ColorOrder]:
    """Read the pixels of a compressed image message.

    The pixels are taken as the file stores them: a note of EXIF to turn them is left alone. A
    mosaic (format 'bayer_rggb8; png compressed') is made colour; 16 bit values are scaled to 8.

    Args:
        message: with the fields of sensor_msgs/CompressedImage; `data` may be any buffer.

    Returns:
        (H, W, 3) uint8 and its colour order.

    Raises:
        ImageMessageError: not a JPEG or PNG file, a cut or broken one, or a depth image.
    """
    name = f'compressed image of format {message.format[:60]!r}'
    data = bytes_of(message, name)
    if 'compresseddepth' in message.format.replace(' ', '').lower():
        raise ImageMessageError(f'{name} holds depth, not a picture; remap image to a picture')
    _check_whole(data, name)
    try:
        pixels = cv2.imdecode(data, cv2.IMREAD_UNCHANGED)
    except cv2.error as error:
        raise ImageMessageError(f'{name} cannot be decoded: {error.err or error}') from None
    if pixels is None or not pixels.size:
        raise ImageMessageError(f'{name} with {data.size} bytes cannot be decoded')
    if pixels.dtype == np.uint16:
        pixels = cv2.convertScaleAbs(pixels, alpha=_GRAY_SCALE_16)
    return _three_channels(np.asarray(pixels, np.uint8), message.format), 'bgr'


def _check_whole(data: npt.NDArray[np.uint8], name: str) -> None:
    head = data[:8].tobytes()
    end = next((end for start, end in _ENDS.items() if head.startswith(start)), None)
    if end is None:
        raise ImageMessageError(
            f'{name} with {data.size} bytes begins with {head!r}; JPEG and PNG are read'
        )
    if end not in data[-_TAIL_BYTES:].tobytes():
        raise ImageMessageError(f'{name} with {data.size} bytes is cut off')


def _three_channels(pixels: npt.NDArray[np.uint8], format_text: str) -> npt.NDArray[np.uint8]:
    if pixels.ndim == 2:
        encoding = format_text.partition(';')[0].strip()
        if encoding.startswith('bayer_'):
            return demosaic(pixels, encoding)
        return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_GRAY2BGR), np.uint8)
    if pixels.shape[2] == 4:
        return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGRA2BGR), np.uint8)
    return pixels
