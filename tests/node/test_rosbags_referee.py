"""Our converter against rosbags-image, which others wrote: every encoding both know."""

import numpy as np
import pytest

referee = pytest.importorskip('rosbags.image')

from hopfield_pebal_ros.node.compressed_images import any_to_color
from hopfield_pebal_ros.node.image_messages import KNOWN_ENCODINGS
from tests.node.test_image_messages import ImageMessage, message_of

ENCODINGS = [each for each in KNOWN_ENCODINGS if not each.startswith(('nv', '8UC'))]
CHANNELS = {'mono': 1, 'bay': 1, 'yuv': 2, 'uyv': 2, 'yuy': 2, 'rgba': 4, 'bgra': 4}


def random_message(encoding: str, *, is_bigendian: bool) -> ImageMessage:
    """Its nv12 and nv21 take another height, so those are left to our own formula."""
    channels = next((CHANNELS[each] for each in CHANNELS if encoding.startswith(each)), 3)
    dtype = ('>u2' if is_bigendian else '<u2') if encoding.endswith('16') else 'u1'
    values = np.random.default_rng(7).integers(0, 256, (8, 12, channels)).astype(dtype)
    return message_of(values * 257 if encoding.endswith('16') else values, encoding)


CASES = [
    (encoding, is_bigendian)
    for encoding in ENCODINGS
    for is_bigendian in ([False, True] if encoding.endswith('16') else [False])
]


@pytest.mark.parametrize(('encoding', 'is_bigendian'), CASES)
def test_both_read_the_same_colours(encoding: str, is_bigendian: bool) -> None:
    message = random_message(encoding, is_bigendian=is_bigendian)
    pixels, order = any_to_color(message)
    theirs = referee.message_to_cvimage(message, f'{order}8')
    # a mosaic of 16 bit is made colour before it is scaled there and after it here
    np.testing.assert_allclose(pixels, theirs, atol=1 if encoding.endswith('16') else 0)
