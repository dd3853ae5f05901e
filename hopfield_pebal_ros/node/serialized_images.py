"""A sensor_msgs/Image as it came over the wire, read without a copy of its pixels."""

import struct
from dataclasses import dataclass
from typing import Any, Final

from builtin_interfaces.msg import Time
from std_msgs.msg import Header

from hopfield_pebal_ros.node.image_messages import ImageMessageError

_BYTE_ORDERS: Final = {b'\0\0': '>', b'\0\1': '<', b'\0\6': '>', b'\0\7': '<'}
"""Of the first two bytes: plain CDR and plain CDR2, which differ in 8 byte fields only."""

_FIRST_FIELD: Final = 4


@dataclass(frozen=True, eq=False)
class SerializedImage:
    """The fields of sensor_msgs/Image; `data` is a view into what was received."""

    header: Header
    height: int
    width: int
    encoding: str
    is_bigendian: int
    step: int
    data: memoryview


def opened(message: Any) -> Any:
    """Return what has the fields of a message: of bytes a SerializedImage, else the message.

    Raises:
        ImageMessageError: bytes that are no image.
    """
    return read_image(message) if isinstance(message, bytes) else message


def read_image(serialized: bytes) -> SerializedImage:
    """Read the fields of a serialised sensor_msgs/Image (OMG DDS-XTypes 1.3, 7.4.1: plain CDR).

    rclpy's own reading copies the pixels once more for itself and once more for Python.

    Raises:
        ImageMessageError: another representation, or fields that end too early.
    """
    fields = _Fields(serialized)
    try:
        return SerializedImage(
            header=Header(
                stamp=Time(sec=fields.number('i'), nanosec=fields.number('I')),
                frame_id=fields.text(),
            ),
            height=fields.number('I'),
            width=fields.number('I'),
            encoding=fields.text(),
            is_bigendian=fields.number('B'),
            step=fields.number('I'),
            data=fields.octets(),
        )
    except struct.error:
        raise ImageMessageError(
            f'serialised image of {len(serialized)} bytes ends within a number'
        ) from None


class _Fields:
    """Reads one field after the other; numbers lie at multiples of their size."""

    def __init__(self, serialized: bytes) -> None:
        order = _BYTE_ORDERS.get(serialized[:2])
        if order is None:
            raise ImageMessageError(
                f'serialised image begins with {serialized[:2].hex() or "nothing"}, expected one '
                f'of {", ".join(each.hex() for each in _BYTE_ORDERS)} (plain CDR)'
            )
        self._bytes = memoryview(serialized)
        self._order = order
        self._position = _FIRST_FIELD

    def number(self, kind: str) -> int:
        """Return a number; `kind` is that of `struct`."""
        size = struct.calcsize(self._order + kind)
        start = -(-self._position // size) * size
        (value,) = struct.unpack_from(self._order + kind, self._bytes, start)
        self._position = start + size
        return int(value)

    def octets(self) -> memoryview:
        """Return a sequence of bytes, which says its length first."""
        length = self.number('I')
        found = self._bytes[self._position : self._position + length]
        if len(found) < length:
            raise ImageMessageError(
                f'serialised image ends after {len(found)} of {length} bytes of a field'
            )
        self._position += length
        return found

    def text(self) -> str:
        """Return a string, whose length counts the zero at its end."""
        return bytes(self.octets()).removesuffix(b'\0').decode(errors='replace')
