"""The header stamp of a serialised message, without reading the rest of it."""

import struct


def cdr_stamp_ns(cdr: bytes) -> int:
    """Return the header stamp of a serialised message that begins with a header."""
    return stamp_ns_of(cdr, is_big_endian=cdr[1] == 0)


def stamp_ns_of(raw: bytes, *, is_big_endian: bool) -> int:
    """Return the stamp of a message that begins with a header, of ROS 1 or ROS 2.

    Four bytes come first in both: `seq` in ROS 1, CDR's encapsulation in ROS 2, whose second byte
    is 0 for big-endian.
    """
    seconds, nanoseconds = struct.unpack_from('>iI' if is_big_endian else '<iI', raw, 4)
    return int(seconds) * 1_000_000_000 + int(nanoseconds)
