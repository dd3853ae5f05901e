import struct
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image

from training.data.frames import read_image_rgb, read_label_map

NOISE = np.random.default_rng(0).integers(0, 255, (40, 60, 3), dtype=np.uint8)
GREY_IDS = np.arange(24, dtype=np.uint8).reshape(4, 6)


def write(path, array, *flags):
    assert cv2.imwrite(str(path), array, flags)
    return path


def test_pictures_come_as_rgb(tmp_path):
    write(tmp_path / 'a.png', np.full((2, 3, 3), (30, 20, 10), np.uint8))
    assert read_image_rgb(tmp_path / 'a.png')[0, 0].tolist() == [10, 20, 30]


@pytest.mark.parametrize('suffix', ['jpg', 'png', 'webp'])
@pytest.mark.parametrize('kept_share', [0.1, 0.5, 0.99])
def test_a_truncated_picture_is_refused(tmp_path, suffix, kept_share):
    path = write(tmp_path / f'a.{suffix}', NOISE)
    content = path.read_bytes()
    assert read_image_rgb(path).shape == NOISE.shape
    path.write_bytes(content[: int(kept_share * len(content))])
    with pytest.raises(ValueError, match=rf'a\.{suffix} cannot be read as a picture: .*copy it'):
        read_image_rgb(path)


def test_a_progressive_jpeg_cut_between_its_scans_is_refused(tmp_path):
    path = write(tmp_path / 'a.jpg', NOISE, cv2.IMWRITE_JPEG_PROGRESSIVE, 1)
    content = path.read_bytes()
    path.write_bytes(content[: content.rfind(b'\xff\xda')])
    with pytest.raises(ValueError, match='the file is truncated'):
        read_image_rgb(path)


def jpeg_with_thumbnail(thumbnail):
    """A JPEG whose APP1 segment holds a whole JPEG, as cameras write it."""
    content = cv2.imencode('.jpg', NOISE)[1].tobytes()
    segment = b'Exif\0\0' + thumbnail
    return content[:2] + b'\xff\xe1' + struct.pack('>H', len(segment) + 2) + segment + content[2:]


def test_the_end_of_a_thumbnail_does_not_hide_a_truncated_picture(tmp_path):
    whole = jpeg_with_thumbnail(cv2.imencode('.jpg', NOISE[:8, :8])[1].tobytes())
    path = tmp_path / 'a.jpg'
    path.write_bytes(whole)
    assert read_image_rgb(path).shape == NOISE.shape
    path.write_bytes(whole[:-20])
    with pytest.raises(ValueError, match='the file is truncated'):
        read_image_rgb(path)


def test_bytes_after_the_end_of_a_jpeg_do_no_harm(tmp_path):
    path = write(tmp_path / 'a.jpg', NOISE)
    path.write_bytes(path.read_bytes() + b'\0' * 100)
    assert read_image_rgb(path).shape == NOISE.shape


@pytest.mark.parametrize(
    ('content', 'message'),
    [(None, 'there is no such file'), (b'', 'is empty'), (b'no picture', 'content is damaged')],
)
@pytest.mark.parametrize('read', [read_image_rgb, read_label_map])
def test_what_is_no_picture_is_refused(tmp_path, read, content, message):
    path = tmp_path / 'a.png'
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ValueError, match=rf'a\.png cannot be read as a .*{message}'):
        read(path)


def test_a_mask_comes_as_it_is(tmp_path):
    assert (read_label_map(write(tmp_path / 'a.png', GREY_IDS)) == GREY_IDS).all()


def test_a_palette_mask_comes_as_its_indices(tmp_path):
    mask = Image.fromarray(GREY_IDS, 'L')
    mask.putpalette([channel for index in range(256) for channel in (index, 255 - index, 7)])
    mask.save(tmp_path / 'a.png')
    assert cv2.imread(str(tmp_path / 'a.png'), cv2.IMREAD_UNCHANGED).ndim == 3
    assert (read_label_map(tmp_path / 'a.png') == GREY_IDS).all()


@pytest.mark.parametrize('depth', [8, 4])
def test_a_damaged_palette_mask_is_refused(tmp_path, depth):
    mask = Image.fromarray(GREY_IDS % 16, 'L')
    mask.putpalette([0] * 48)
    mask.save(tmp_path / 'a.png', bits=depth)
    content = bytearray((tmp_path / 'a.png').read_bytes())
    start = content.index(b'IDAT') + 4
    content[start : start + 6] = b'\0' * 6
    (tmp_path / 'a.png').write_bytes(content)
    with pytest.raises(ValueError, match=r'a\.png cannot be read as a mask: its content'):
        read_label_map(tmp_path / 'a.png')


@pytest.mark.parametrize(
    ('mask', 'message'),
    [
        (np.zeros((4, 6), np.uint16), r'uint16, expected one channel of 8 bits; .*16-bit'),
        (np.zeros((4, 6, 3), np.uint8), r'\(4, 6, 3\) uint8, expected one channel'),
    ],
)
def test_masks_of_another_kind_are_refused(tmp_path, mask, message):
    with pytest.raises(ValueError, match=message):
        read_label_map(write(tmp_path / 'a.png', mask))


def png_of_bit_depth(depth, rows):
    def chunk(kind, content):
        body = kind + content
        return struct.pack('>I', len(content)) + body + struct.pack('>I', zlib.crc32(body))

    header = struct.pack('>IIBBBBB', 8 // depth, len(rows), depth, 0, 0, 0, 0)
    packed = zlib.compress(b''.join(b'\0' + row for row in rows))
    start = b'\x89PNG\r\n\x1a\n'
    return start + chunk(b'IHDR', header) + chunk(b'IDAT', packed) + chunk(b'IEND', b'')


@pytest.mark.parametrize('depth', [1, 2, 4])
def test_a_grey_mask_of_few_bits_is_refused_as_decoders_stretch_it(tmp_path, depth):
    path = tmp_path / 'a.png'
    path.write_bytes(png_of_bit_depth(depth, [b'\x01']))
    assert cv2.imread(str(path), cv2.IMREAD_UNCHANGED)[0, -1] != 1
    with pytest.raises(ValueError, match=f'grey with {depth} bits a pixel, expected 8'):
        read_label_map(path)
