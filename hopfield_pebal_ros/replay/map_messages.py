"""Label, energy and mask images of a bag -> arrays."""

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.replay.bags import BagError

_DTYPES: Final[dict[str, np.dtype[Any]]] = {
    'mono8': np.dtype(np.uint8),
    '8UC1': np.dtype(np.uint8),
    '32FC1': np.dtype(np.float32),
}


def to_map(message: Any, *, source: str) -> npt.NDArray[Any]:
    """Return the pixels of a one-channel sensor_msgs/msg/Image.

    Args:
        message: with encoding mono8, 8UC1 or 32FC1, of either byte order.
        source: where it comes from, for messages.

    Returns:
        (H, W) uint8 or float32, in the byte order of this machine; may share memory with the
        message.

    Raises:
        BagError: another encoding, no pixels, or fewer bytes than it says.
    """
    dtype = _DTYPES.get(getattr(message, 'encoding', ''))
    if dtype is None:
        raise BagError(
            f'{source} has encoding {getattr(message, "encoding", "(compressed)")!r}, expected '
            f'one of {", ".join(_DTYPES)}: one channel with class ids or energies'
        )
    height, width, step = int(message.height), int(message.width), int(message.step)
    data = np.asarray(message.data, np.uint8)
    fits = height > 0 and width > 0 and step >= width * dtype.itemsize
    if not fits or data.size < step * height:
        raise BagError(
            f'{source} says {width}x{height} px of {dtype.name} in rows of {step} bytes, but '
            f'holds {data.size} bytes; it is damaged: record it again'
        )
    rows = data[: step * height].reshape(height, step)[:, : width * dtype.itemsize]
    stored = dtype.newbyteorder('>' if message.is_bigendian else '<')
    pixels = np.ascontiguousarray(rows).view(stored)
    return np.asarray(pixels, dtype)
