"""sensor_msgs/Image to arrays and back, every encoding; takes any object with these fields."""

import array
import math
import sys
from dataclasses import dataclass
from typing import Any, Final, Literal

import cv2
import numpy as np
import numpy.typing as npt

ColorOrder = Literal['rgb', 'bgr']

_WRITTEN: Final[dict[str, tuple[type[np.generic], tuple[int, ...]]]] = {
    'mono8': (np.uint8, ()),
    'bgr8': (np.uint8, (3,)),
    '32FC1': (np.float32, ()),
}


class ImageMessageError(ValueError):
    """An image message that cannot be read; the message says what was got and expected."""


@dataclass(frozen=True)
class _Encoding:
    """How one `encoding` string lays out its pixels, and what makes colour of them."""

    channels: int
    color_order: ColorOrder = 'bgr'
    conversion: int | None = None
    """OpenCV conversion to three channels in `color_order`; None where they are already."""
    bytes_per_value: int = 1
    even_width: bool = False
    has_chroma_rows: bool = False
    """The data goes on for height / 2 more rows with the colours (nv12, nv21)."""


def _encodings() -> dict[str, _Encoding]:
    found = {
        '8UC1': _Encoding(1, 'bgr', cv2.COLOR_GRAY2BGR),
        '8UC3': _Encoding(3),
        '8UC4': _Encoding(4, 'bgr', cv2.COLOR_BGRA2BGR),
        'yuv422': _Encoding(2, 'bgr', cv2.COLOR_YUV2BGR_UYVY, even_width=True),
        'uyvy': _Encoding(2, 'bgr', cv2.COLOR_YUV2BGR_UYVY, even_width=True),
        'yuv422_yuy2': _Encoding(2, 'bgr', cv2.COLOR_YUV2BGR_YUY2, even_width=True),
        'yuyv': _Encoding(2, 'bgr', cv2.COLOR_YUV2BGR_YUY2, even_width=True),
        'nv12': _Encoding(1, 'bgr', cv2.COLOR_YUV2BGR_NV12, even_width=True, has_chroma_rows=True),
        'nv21': _Encoding(1, 'bgr', cv2.COLOR_YUV2BGR_NV21, even_width=True, has_chroma_rows=True),
    }
    for bits, count in (('8', 1), ('16', 2)):
        gray = cv2.COLOR_GRAY2BGR
        found |= {
            f'mono{bits}': _Encoding(1, 'bgr', gray, count),
            f'bgr{bits}': _Encoding(3, 'bgr', None, count),
            f'rgb{bits}': _Encoding(3, 'rgb', None, count),
            f'bgra{bits}': _Encoding(4, 'bgr', cv2.COLOR_BGRA2BGR, count),
            f'rgba{bits}': _Encoding(4, 'rgb', cv2.COLOR_RGBA2RGB, count),
            # OpenCV names a pattern by its second row, ROS by its first
            f'bayer_rggb{bits}': _Encoding(1, 'bgr', cv2.COLOR_BayerBG2BGR, count),
            f'bayer_bggr{bits}': _Encoding(1, 'bgr', cv2.COLOR_BayerRG2BGR, count),
            f'bayer_gbrg{bits}': _Encoding(1, 'bgr', cv2.COLOR_BayerGR2BGR, count),
            f'bayer_grbg{bits}': _Encoding(1, 'bgr', cv2.COLOR_BayerGB2BGR, count),
        }
    return found


_ENCODINGS: Final = _encodings()
KNOWN_ENCODINGS: Final = tuple(sorted(_ENCODINGS))


def to_color(message: Any) -> tuple[npt.NDArray[np.uint8], ColorOrder]:
    """Read the pixels of an image message.

    16 bit values are scaled to 8 bit (65535 is 255). bgr8, rgb8 and 8UC3 (taken for BGR) are views
    into `message.data`, also where rows are padded; everything else is converted.

    Args:
        message: with the fields of sensor_msgs/Image; `data` may be an array.array, bytes, a
            memoryview or a NumPy array.

    Returns:
        (H, W, 3) uint8, perhaps read-only or with padded rows, and its colour order.

    Raises:
        ImageMessageError: unknown encoding, no pixels, `step` shorter than a row, or `data`
            shorter than the image.
    """
    encoding = _ENCODINGS.get(message.encoding)
    if encoding is None:
        raise ImageMessageError(
            f'unknown encoding {message.encoding[:40]!r}; known are {", ".join(KNOWN_ENCODINGS)}'
        )
    values = _values(message, encoding)
    try:
        if encoding.bytes_per_value == 2:
            native = np.ascontiguousarray(values, np.uint16)
            values = cv2.convertScaleAbs(native, alpha=1 / 257)
        if encoding.conversion is not None:
            values = cv2.cvtColor(values, encoding.conversion)
    except cv2.error as error:
        raise ImageMessageError(
            f'{_described(message)} cannot be converted: {error.err or error}'
        ) from None
    return values, encoding.color_order


def _values(message: Any, encoding: _Encoding) -> npt.NDArray[Any]:
    """Return the (H, W, C) or (H, W) view into `message.data`, after checking that it fits."""
    height, width, step = message.height, message.width, message.step
    if height < 1 or width < 1:
        raise ImageMessageError(f'{_described(message)} has no pixels')
    if width % (1 + encoding.even_width) or height % (1 + encoding.has_chroma_rows):
        raise ImageMessageError(f'{_described(message)} needs an even width and height')
    row_bytes = width * encoding.channels * encoding.bytes_per_value
    if step < row_bytes:
        raise ImageMessageError(
            f'{_described(message)} has step {step}, a row needs at least {row_bytes} bytes'
        )
    rows = height * 3 // 2 if encoding.has_chroma_rows else height
    data = bytes_of(message, _described(message))
    if data.size < step * rows:
        raise ImageMessageError(
            f'{_described(message)} has {data.size} bytes of data, step {step} times {rows} rows '
            f'is {step * rows}'
        )
    channels = (encoding.channels,) if encoding.channels > 1 else ()
    dtype = np.dtype(f'{">" if message.is_bigendian else "<"}u{encoding.bytes_per_value}')
    pixel_strides = (encoding.channels * dtype.itemsize, dtype.itemsize)[: 1 + len(channels)]
    return np.ndarray((rows, width, *channels), dtype, data, strides=(step, *pixel_strides))


def demosaic(mosaic: npt.NDArray[np.uint8], encoding: str) -> npt.NDArray[np.uint8]:
    """Return the colours (H, W, 3) uint8 BGR of a mosaic (H, W) such as 'bayer_rggb8'.

    Raises:
        ImageMessageError: not the name of a mosaic.
    """
    found = _ENCODINGS.get(encoding)
    if found is None or found.conversion is None or not encoding.startswith('bayer_'):
        raise ImageMessageError(f'unknown mosaic {encoding[:40]!r}')
    return np.asarray(cv2.cvtColor(mosaic, found.conversion), np.uint8)


def bytes_of(message: Any, name: str) -> npt.NDArray[np.uint8]:
    """Return a view of `message.data`, (N,) uint8; `name` is for the error message.

    Raises:
        ImageMessageError: it is no contiguous buffer.
    """
    try:
        return np.frombuffer(message.data, np.uint8)
    except (TypeError, ValueError, BufferError) as error:
        if len(message.data) == 0:
            return np.empty(0, np.uint8)
        raise ImageMessageError(f'{name} has unreadable data: {error}') from None


def _described(message: Any) -> str:
    return f'{message.encoding} image of {message.width}x{message.height} px'


def fill(message: Any, pixels: npt.NDArray[Any], encoding: str, header: Any) -> None:
    """Write an array into an image message, reusing the message's memory where the size is kept.

    Args:
        message: sensor_msgs/Image.
        pixels: (H, W) uint8 for 'mono8', (H, W, 3) uint8 for 'bgr8', (H, W) float32 for '32FC1'.
        encoding: one of these three.
        header: stored as it is.

    Raises:
        ValueError: an encoding that is not written, or pixels that do not fit it.
    """
    height, width = pixels.shape[:2]
    view = pixels_in(message, (height, width), encoding, header)
    _check_fit(pixels, view.shape, view.dtype, encoding)
    view[:] = pixels


def lend(message: Any, pixels: npt.NDArray[Any], encoding: str, header: Any) -> None:
    """Make an image message of an array without copying it; the array must stay as it is.

    The message's own setter of `data` copies, or even walks over the bytes in Python; what
    publishes takes any buffer.

    Args:
        message: sensor_msgs/Image, to be published and not read.
        pixels: as for `fill`; copied after all where its rows are not dense.
        encoding: as for `fill`.
        header: stored as it is.

    Raises:
        ValueError: an encoding that is not written, or pixels that do not fit it.
    """
    shape, dtype = _describe(message, pixels.shape[:2], encoding, header)
    _check_fit(pixels, shape, dtype, encoding)
    message._data = np.ascontiguousarray(pixels).reshape(-1).view(np.uint8)


def pixels_in(
    message: Any, image_hw: tuple[int, int], encoding: str, header: Any
) -> npt.NDArray[Any]:
    """Make `message` an image of this size, and return its pixels to be written in place.

    Assigning an array to `message.data` walks over its bytes in Python: 0.4 s for a camera image.

    Args:
        message: sensor_msgs/Image.
        image_hw: height and width in px.
        encoding: 'mono8', 'bgr8' or '32FC1'.
        header: stored as it is.

    Returns:
        (H, W) or (H, W, 3) view into `message.data`, of the encoding's dtype.

    Raises:
        ValueError: an encoding that is not written.
    """
    shape, dtype = _describe(message, image_hw, encoding, header)
    num_bytes = message.height * message.step
    if len(message.data) != num_bytes:
        message.data = array.array('B', bytes(num_bytes))
    return np.frombuffer(message.data, dtype).reshape(shape)


def _describe(
    message: Any, image_hw: tuple[int, ...], encoding: str, header: Any
) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Set every field but `data`; return the shape and dtype of the pixels.

    Raises:
        ValueError: an encoding that is not written.
    """
    if encoding not in _WRITTEN:
        raise ValueError(f'encoding must be one of {sorted(_WRITTEN)}, got {encoding!r}')
    dtype, channels = np.dtype(_WRITTEN[encoding][0]), _WRITTEN[encoding][1]
    height, width = image_hw
    message.header = header
    message.height, message.width = height, width
    message.step = dtype.itemsize * width * math.prod(channels)
    message.encoding = encoding
    message.is_bigendian = int(sys.byteorder == 'big')
    return (height, width, *channels), dtype


def _check_fit(
    pixels: npt.NDArray[Any], shape: tuple[int, ...], dtype: np.dtype[Any], encoding: str
) -> None:
    if pixels.shape != shape or pixels.dtype != dtype:
        raise ValueError(f'{encoding} takes {shape} {dtype}, got {pixels.shape} {pixels.dtype}')
