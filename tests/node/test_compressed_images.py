"""JPEG and PNG messages against OpenCV by hand, and what is refused."""

from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from hopfield_pebal_ros.node.compressed_images import any_to_color, decode
from hopfield_pebal_ros.node.image_messages import ImageMessageError

PICTURE_BGR = cv2.GaussianBlur(
    np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8), (0, 0), 3
)


def message(pixels, extension, name='bgr8; x compressed bgr8'):
    encoded = cv2.imencode(extension, pixels)[1]
    return SimpleNamespace(format=name, data=encoded.tobytes())


def test_a_png_comes_back_as_it_was():
    pixels, order = decode(message(PICTURE_BGR, '.png'))
    np.testing.assert_array_equal(pixels, PICTURE_BGR)
    assert order == 'bgr'


def test_a_jpeg_comes_back_nearly_as_it_was():
    pixels, _ = any_to_color(message(PICTURE_BGR, '.jpg', 'jpeg'))
    assert np.abs(pixels.astype(int) - PICTURE_BGR).max() < 12


@pytest.mark.parametrize('extension', ['.png', '.jpg'])
def test_gray_becomes_three_equal_channels(extension):
    pixels, _ = decode(message(PICTURE_BGR[..., 0], extension))
    assert pixels.shape == (40, 60, 3)
    assert (pixels[..., :1] == pixels).all()


def test_16_bits_become_8():
    small = np.arange(256, dtype=np.uint16).reshape(8, 32)
    pixels, _ = decode(message(small * 257, '.png', 'mono16; png compressed '))
    np.testing.assert_array_equal(pixels[..., 0], small)
    color, _ = decode(message(PICTURE_BGR.astype(np.uint16) * 257, '.png'))
    np.testing.assert_array_equal(color, PICTURE_BGR)


def test_alpha_is_left_out():
    with_alpha = np.dstack([PICTURE_BGR, PICTURE_BGR[..., 0]])
    np.testing.assert_array_equal(decode(message(with_alpha, '.png'))[0], PICTURE_BGR)


def test_a_mosaic_becomes_colour():
    mosaic = np.tile(np.array([[220, 120], [120, 30]], np.uint8), (4, 5))  # rg gb
    pixels, order = decode(message(mosaic, '.png', 'bayer_rggb8; png compressed '))
    np.testing.assert_array_equal(pixels, np.broadcast_to([30, 120, 220], (8, 10, 3)))
    assert order == 'bgr'


def test_padding_after_the_file_is_left_alone():
    padded = message(PICTURE_BGR, '.jpg')
    padded.data += bytes(500)
    assert decode(padded)[0].shape == (40, 60, 3)


@pytest.mark.parametrize(
    ('data', 'name', 'reason'),
    [
        (b'', 'jpeg', 'with 0 bytes begins with'),
        (b'GIF89a and more', 'jpeg', "begins with b'GIF89a a'; JPEG and PNG are read"),
        (message(PICTURE_BGR, '.jpg').data[:-200], 'jpeg', 'is cut off'),
        (message(PICTURE_BGR, '.png').data[:-200], 'png', 'is cut off'),
        (b'\xff\xd8\xff\xe0' + bytes(30) + b'\xff\xd9', 'jpeg', 'cannot be decoded'),
        (message(PICTURE_BGR[..., 0], '.png').data, '16UC1; compressedDepth', 'holds depth'),
        (message(PICTURE_BGR[..., 0], '.png').data, 'bayer_x; png', "unknown mosaic 'bayer_x'"),
        (np.zeros((4, 8), np.uint8)[::2], 'jpeg', 'unreadable data'),
    ],
)
def test_refusals_say_what_was_got(data, name, reason):
    with pytest.raises(ImageMessageError, match=reason):
        decode(SimpleNamespace(format=name, data=data))
