"""Stamps are read from the first bytes, whichever the byte order and the ROS."""

import struct

import pytest

from hopfield_pebal_ros.replay.header_stamps import cdr_stamp_ns, stamp_ns_of


@pytest.mark.parametrize(
    ('encapsulation', 'order'), [(b'\x00\x01\x00\x00', '<'), (b'\x00\x00\x00\x00', '>')]
)
def test_the_second_byte_tells_the_order(encapsulation: bytes, order: str) -> None:
    cdr = encapsulation + struct.pack(f'{order}iI', 3, 250) + b'the rest'
    assert cdr_stamp_ns(cdr) == 3_000_000_250


def test_ros_1_has_its_sequence_number_there() -> None:
    raw = struct.pack('<III', 77, 3, 250)  # seq, secs, nsecs
    assert stamp_ns_of(raw, is_big_endian=False) == 3_000_000_250
