"""Every encoding against an array made by hand, rows with padding, and what is refused."""

import array
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
import pytest

from hopfield_pebal_ros.node.image_messages import (
    KNOWN_ENCODINGS,
    ImageMessageError,
    fill,
    lend,
    pixels_in,
    to_color,
)


@dataclass
class ImageMessage:
    """The fields of sensor_msgs/Image, without ROS."""

    height: int = 0
    width: int = 0
    encoding: str = ''
    is_bigendian: int = 0
    step: int = 0
    data: Any = field(default_factory=lambda: array.array('B'))
    header: Any = None


def message_of(
    values: np.ndarray, encoding: str, *, padding: int = 0, height: int | None = None
) -> ImageMessage:
    """Lay out (H, W, ...) values row by row, each row followed by bytes that must not be read."""
    rows = values.reshape(len(values), -1)
    payload = rows.view(np.uint8)
    padded = np.concatenate([payload, np.full((len(payload), padding), 0xEE, np.uint8)], axis=1)
    return ImageMessage(
        height=len(values) if height is None else height,
        width=values.shape[1],
        encoding=encoding,
        is_bigendian=int(values.dtype.byteorder == '>'),
        step=padded.shape[1],
        data=array.array('B', padded.tobytes()),
    )


PICTURE = np.random.default_rng(0).integers(0, 256, (4, 6, 3), np.uint8)
ALPHA = np.full((4, 6, 1), 77, np.uint8)
GRAY = PICTURE[..., 0]


@pytest.mark.parametrize('padding', [0, 5])
@pytest.mark.parametrize(
    ('encoding', 'values', 'expected', 'order'),
    [
        ('bgr8', PICTURE, PICTURE, 'bgr'),
        ('8UC3', PICTURE, PICTURE, 'bgr'),
        ('rgb8', PICTURE, PICTURE, 'rgb'),
        ('bgra8', np.concatenate([PICTURE, ALPHA], 2), PICTURE, 'bgr'),
        ('rgba8', np.concatenate([PICTURE, ALPHA], 2), PICTURE, 'rgb'),
        ('mono8', GRAY, np.stack([GRAY] * 3, 2), 'bgr'),
        ('8UC1', GRAY, np.stack([GRAY] * 3, 2), 'bgr'),
    ],
)
def test_8_bit_encodings(encoding, values, expected, order, padding):
    pixels, color_order = to_color(message_of(values, encoding, padding=padding))
    np.testing.assert_array_equal(pixels, expected)
    assert color_order == order


@pytest.mark.parametrize('padding', [0, 6])
@pytest.mark.parametrize('byte_order', ['<', '>'])
@pytest.mark.parametrize(
    ('encoding', 'channels', 'order'),
    [
        ('mono16', 1, 'bgr'),
        ('bgr16', 3, 'bgr'),
        ('rgb16', 3, 'rgb'),
        ('bgra16', 4, 'bgr'),
        ('rgba16', 4, 'rgb'),
    ],
)
def test_16_bits_become_8_in_either_byte_order(encoding, channels, order, byte_order, padding):
    # 8 bit value v is 257 v: 0 is 0 and 255 is 65535
    small = np.arange(2 * 3 * channels, dtype=np.uint16).reshape(2, 3, channels) * 10
    message = message_of((small * 257).astype(f'{byte_order}u2'), encoding, padding=padding)
    pixels, color_order = to_color(message)
    expected = np.repeat(small, 3, 2) if channels == 1 else small[..., :3]
    np.testing.assert_array_equal(pixels, expected)
    assert color_order == order


# ROS names the colours of the first two pixels of the first row, then of the second
BAYER_COLOURS = {'rggb': 'rg gb', 'bggr': 'bg gr', 'gbrg': 'gb rg', 'grbg': 'gr bg'}


@pytest.mark.parametrize('pattern', sorted(BAYER_COLOURS))
def test_bayer_patterns_give_back_an_even_colour(pattern):
    bgr = {'b': 30, 'g': 120, 'r': 220}
    tile = np.array([[bgr[each] for each in row] for row in BAYER_COLOURS[pattern].split()])
    mosaic = np.tile(tile.astype(np.uint8), (4, 5))
    pixels, order = to_color(message_of(mosaic, f'bayer_{pattern}8', padding=3))
    assert order == 'bgr'
    np.testing.assert_array_equal(pixels, np.broadcast_to([30, 120, 220], (8, 10, 3)))
    wide, _ = to_color(message_of(mosaic.astype('>u2') * 257, f'bayer_{pattern}16'))
    np.testing.assert_array_equal(wide, pixels)


def yuv_planes() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Luma (4, 6) and chroma (2, 3) of a picture whose 2x2 blocks are of one colour each."""
    generator = np.random.default_rng(1)
    luma = generator.integers(60, 190, (4, 6), np.uint8)
    return luma, *generator.integers(100, 156, (2, 2, 3), np.uint8)


def bgr_of(luma: np.ndarray, u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """BT.601, limited range, as the standard writes it."""
    y = 1.164 * (luma.astype(float) - 16)
    d, e = (np.repeat(np.repeat(each, 2, 0), 2, 1).astype(float) - 128 for each in (u, v))
    return np.stack([y + 2.018 * d, y - 0.391 * d - 0.813 * e, y + 1.596 * e], 2)


@pytest.mark.parametrize('padding', [0, 4])
@pytest.mark.parametrize('encoding', ['yuv422', 'uyvy', 'yuv422_yuy2', 'yuyv', 'nv12', 'nv21'])
def test_yuv_encodings(encoding, padding):
    luma, u, v = yuv_planes()
    if encoding.startswith('nv'):
        pair = (u, v) if encoding == 'nv12' else (v, u)
        values = np.concatenate([luma, np.stack(pair, 2).reshape(2, 6)])
    else:
        chroma = np.repeat(np.stack([u, v], 2).reshape(2, 6), 2, 0)  # u and v in turn
        pair = (chroma, luma) if encoding in ('yuv422', 'uyvy') else (luma, chroma)
        values = np.stack(pair, 2)
    pixels, order = to_color(message_of(values, encoding, padding=padding, height=4))
    assert order == 'bgr'
    np.testing.assert_allclose(pixels, bgr_of(luma, u, v), atol=1.5)


@pytest.mark.parametrize('kind', [bytes, bytearray, memoryview, np.array])
def test_data_may_be_any_buffer(kind):
    message = message_of(PICTURE, 'rgb8', padding=2)
    raw = message.data.tobytes()
    message.data = np.frombuffer(raw, np.uint8) if kind is np.array else kind(raw)
    np.testing.assert_array_equal(to_color(message)[0], PICTURE)


@pytest.mark.parametrize('encoding', ['bgr8', 'rgb8', '8UC3'])
def test_colour_is_not_copied(encoding):
    message = message_of(PICTURE, encoding, padding=1)
    assert np.shares_memory(to_color(message)[0], np.frombuffer(message.data, np.uint8))


def test_more_data_than_the_image_needs_is_left_alone():
    message = message_of(PICTURE, 'bgr8')
    message.data.extend(b'rest')
    np.testing.assert_array_equal(to_color(message)[0], PICTURE)


def test_at_least_18_encodings_are_known():
    assert len(KNOWN_ENCODINGS) >= 18


@pytest.mark.parametrize(
    ('changes', 'reason'),
    [
        ({'encoding': '32FC1'}, "unknown encoding '32FC1'; known are 8UC1, 8UC3, .*bgr8"),
        ({'encoding': ''}, "unknown encoding ''"),
        ({'height': 0}, 'bgr8 image of 6x0 px has no pixels'),
        ({'width': 0}, 'has no pixels'),
        ({'step': 17}, 'step 17, a row needs at least 18 bytes'),
        ({'step': 0}, 'step 0, a row needs at least 18 bytes'),
        ({'height': 5}, '72 bytes of data, step 18 times 5 rows is 90'),
        ({'data': b''}, '0 bytes of data, step 18 times 4 rows is 72'),
        ({'data': array.array('B')}, '0 bytes of data'),
        ({'data': np.zeros((8, 18), np.uint8)[::2]}, 'unreadable data'),
        ({'width': 2**32 - 1, 'step': 2**32 - 1}, 'a row needs at least 12884901885 bytes'),
        ({'encoding': 'yuv422', 'width': 5}, 'even width'),
        ({'encoding': 'nv12', 'height': 3}, 'even width and height'),
        ({'encoding': 'nv12'}, 'step 18 times 6 rows is 108'),
    ],
)
def test_refusals_say_what_was_got_and_expected(changes, reason):
    message = message_of(PICTURE, 'bgr8')
    for name, value in changes.items():
        setattr(message, name, value)
    with pytest.raises(ImageMessageError, match=reason):
        to_color(message)


@pytest.mark.parametrize('encoding', KNOWN_ENCODINGS)
def test_every_encoding_reads_or_refuses_the_smallest_image(encoding):
    message = ImageMessage(1, 1, encoding, 0, 8, bytes(8))
    if encoding.startswith(('yuv', 'yuyv', 'uyvy', 'nv')):
        with pytest.raises(ImageMessageError, match='1x1 px needs an even width'):
            to_color(message)
    else:
        np.testing.assert_array_equal(to_color(message)[0], np.zeros((1, 1, 3)))


@pytest.mark.parametrize(
    ('encoding', 'pixels', 'step'),
    [
        ('mono8', GRAY, 6),
        ('bgr8', PICTURE, 18),
        ('32FC1', GRAY.astype(np.float32) / 7, 24),
    ],
)
def test_what_is_filled_reads_back(encoding, pixels, step):
    message, header = ImageMessage(), object()
    fill(message, pixels, encoding, header)
    assert message.header is header
    assert (message.height, message.width, message.step) == (4, 6, step)
    assert message.encoding == encoding
    assert isinstance(message.data, array.array)
    assert message.data.tobytes() == pixels.tobytes()


def test_the_buffer_is_kept_while_the_size_is():
    message = ImageMessage()
    fill(message, GRAY, 'mono8', None)
    first = message.data
    fill(message, 255 - GRAY, 'mono8', None)
    assert message.data is first
    assert message.data.tobytes() == (255 - GRAY).tobytes()
    fill(message, GRAY[:2], 'mono8', None)
    assert message.data.tobytes() == GRAY[:2].tobytes()


def test_opencv_can_write_into_the_message():
    message = ImageMessage()
    view = pixels_in(message, (8, 12), 'bgr8', None)
    cv2.resize(PICTURE, (12, 8), dst=view, interpolation=cv2.INTER_NEAREST)
    doubled = np.repeat(np.repeat(PICTURE, 2, 0), 2, 1)
    assert message.data.tobytes() == doubled.tobytes()


def test_strided_pixels_are_filled_densely():
    message = ImageMessage()
    fill(message, PICTURE[:, ::2, ::-1], 'bgr8', None)
    assert message.data.tobytes() == np.ascontiguousarray(PICTURE[:, ::2, ::-1]).tobytes()


def test_only_what_we_publish_is_written():
    with pytest.raises(ValueError, match="one of \\['32FC1', 'bgr8', 'mono8'\\], got 'rgb8'"):
        fill(ImageMessage(), PICTURE, 'rgb8', None)
    with pytest.raises(ValueError, match=r'32FC1 takes .* float32, got .* uint8'):
        fill(ImageMessage(), GRAY, '32FC1', None)


def test_lent_pixels_are_not_copied():
    sensor_msgs = pytest.importorskip('sensor_msgs.msg')
    message, header = sensor_msgs.Image(), sensor_msgs.Image().header
    energies = GRAY.astype(np.float32) / 7
    lend(message, energies, '32FC1', header)
    assert message.header is header
    assert (message.height, message.width, message.step, message.encoding) == (4, 6, 24, '32FC1')
    assert np.shares_memory(message.data, energies)
    assert bytes(message.data) == energies.tobytes()


@pytest.mark.parametrize('check_fields', [False, True])
def test_what_is_lent_is_serialised_as_what_is_filled(check_fields):
    sensor_msgs = pytest.importorskip('sensor_msgs.msg')
    serialization = pytest.importorskip('rclpy.serialization')
    lent, filled = (sensor_msgs.Image(check_fields=check_fields) for _ in range(2))
    for pixels, encoding in [
        (GRAY, 'mono8'),
        (PICTURE[:, ::-1], 'bgr8'),
        (GRAY / np.float32(7), '32FC1'),
    ]:
        lend(lent, pixels, encoding, lent.header)
        fill(filled, pixels, encoding, filled.header)
        serialize = serialization.serialize_message
        assert serialize(lent) == serialize(filled)


def test_only_fitting_pixels_are_lent():
    with pytest.raises(ValueError, match=r'32FC1 takes \(4, 6\) float32, got \(4, 6\) uint8'):
        lend(ImageMessage(), GRAY, '32FC1', None)
