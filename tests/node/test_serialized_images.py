"""Images as they come over the wire: rclpy's own reading is the referee, and nothing crashes."""

import contextlib
import struct
from typing import Any

import numpy as np
import pytest

pytest.importorskip('rclpy')

from hypothesis import given, seed, settings
from hypothesis import strategies as st
from rclpy.serialization import deserialize_message, serialize_message
from sensor_msgs.msg import Image

from hopfield_pebal_ros.node.image_messages import ImageMessageError, to_color
from hopfield_pebal_ros.node.serialized_images import opened, read_image
from tests.node.bench import PICTURE_BGR, image_message

FIELDS = ('header', 'height', 'width', 'encoding', 'is_bigendian', 'step')


def big_endian(frame_id: bytes, encoding: bytes, data: bytes) -> bytes:
    """Serialise an image of 2x1 px by hand."""
    packed = b'\0\0\0\0' + struct.pack('>iI', -7, 8)
    packed += struct.pack('>I', len(frame_id) + 1) + frame_id + b'\0'
    packed += bytes(-len(packed) % 4) + struct.pack('>II', 1, 2)
    packed += struct.pack('>I', len(encoding) + 1) + encoding + b'\0' + b'\1'
    packed += bytes(-len(packed) % 4) + struct.pack('>II', 6, len(data))
    return packed + data


@pytest.mark.parametrize('frame_id', ['', 'a', 'ab', 'abc', 'abcd', 'Kamera v\u00f6rn'])
@pytest.mark.parametrize('encoding', ['bgr8', 'mono8', 'rgba16', 'bayer_rggb8'])
def test_every_alignment_is_read_as_by_rclpy(frame_id: str, encoding: str) -> None:
    message = image_message(PICTURE_BGR, 3, encoding)
    message.header.frame_id = frame_id
    serialized = serialize_message(message)
    found, expected = read_image(serialized), deserialize_message(serialized, Image)
    for name in FIELDS:
        assert getattr(found, name) == getattr(expected, name)
    assert bytes(found.data) == bytes(expected.data)


def test_pixels_are_not_copied() -> None:
    serialized = serialize_message(image_message(PICTURE_BGR, 3))
    pixels, color_order = to_color(read_image(serialized))
    assert np.shares_memory(pixels, np.frombuffer(serialized, np.uint8))
    assert color_order == 'bgr'
    np.testing.assert_array_equal(pixels, PICTURE_BGR)


def test_big_endian_is_read() -> None:
    found = read_image(big_endian(b'cam', b'bgr8', bytes(range(6))))
    assert (found.header.stamp.sec, found.header.stamp.nanosec) == (-7, 8)
    assert (found.header.frame_id, found.encoding) == ('cam', 'bgr8')
    assert (found.height, found.width, found.is_bigendian, found.step) == (1, 2, 1, 6)
    assert bytes(found.data) == bytes(range(6))


def test_plain_cdr2_is_laid_out_alike() -> None:
    serialized = bytearray(serialize_message(image_message(PICTURE_BGR, 3)))
    serialized[1] = 7
    assert bytes(read_image(bytes(serialized)).data) == PICTURE_BGR.tobytes()


@pytest.mark.parametrize('start', [b'', b'\0', b'\0\2\0\0', b'\1\0\0\0'])
def test_another_representation_is_refused(start: bytes) -> None:
    with pytest.raises(ImageMessageError, match=r'begins with .* expected one of 0000, 0001'):
        read_image(start)


def test_every_cut_is_refused() -> None:
    serialized = serialize_message(image_message(PICTURE_BGR[:2, :2], 3))
    for length in range(4, len(serialized)):
        with pytest.raises(ImageMessageError, match=r'ends (within a number|after)'):
            read_image(serialized[:length])


def test_a_message_stays_as_it_is() -> None:
    message: Any = image_message(PICTURE_BGR, 3)
    assert opened(message) is message


@seed(1)
@settings(max_examples=500, database=None, deadline=None)
@given(st.data())
def test_changed_bytes_are_refused_or_read(data: st.DataObject) -> None:
    serialized = bytearray(serialize_message(image_message(PICTURE_BGR[:3, :4], 3)))
    for _ in range(data.draw(st.integers(1, 6))):
        serialized[data.draw(st.integers(0, len(serialized) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(serialized[: data.draw(st.integers(0, len(serialized)))])
    with contextlib.suppress(ImageMessageError):  # any other error fails the test
        found = read_image(cut)
        pixels, _ = to_color(found)
        assert pixels.shape == (found.height, found.width, 3)
