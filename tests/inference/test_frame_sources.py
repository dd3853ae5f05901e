from pathlib import Path

import cv2
import numpy as np
import pytest

from hopfield_pebal_ros.inference.frame_sources import (
    InputError,
    PictureFile,
    VideoStream,
    find_sources,
    open_video,
    open_webcam,
)


def write_picture(path: Path, value: int = 0) -> Path:
    path.parent.mkdir(exist_ok=True)
    assert cv2.imwrite(str(path), np.full((4, 6, 3), value, np.uint8))
    return path


def write_video(path: Path, *, num_frames: int = 5) -> Path:
    video = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*'mp4v'), 10, (64, 32))
    for index in range(num_frames):
        video.write(np.full((32, 64, 3), 40 * index, np.uint8))
    video.release()
    return path


def test_a_picture_is_read_as_bgr(tmp_path: Path):
    pixels = np.zeros((4, 6, 3), np.uint8)
    pixels[..., 0] = 200  # blue
    cv2.imwrite(str(tmp_path / 'blue.png'), pixels)
    (source,) = find_sources([tmp_path / 'blue.png'])
    (frame,) = source.frames()
    assert frame.name == 'blue'
    np.testing.assert_array_equal(frame.image_bgr, pixels)


def test_a_gray_picture_gets_three_channels(tmp_path: Path):
    cv2.imwrite(str(tmp_path / 'gray.png'), np.full((4, 6), 7, np.uint8))
    (frame,) = PictureFile(tmp_path / 'gray.png', 'gray').frames()
    assert frame.image_bgr.shape == (4, 6, 3)
    assert (frame.image_bgr == 7).all()


def test_a_folder_gives_its_pictures_in_order_of_name(tmp_path: Path):
    for name in ('b.png', 'a.JPG', 'c.txt'):
        write_picture(tmp_path / 'x.png').rename(tmp_path / name)
    assert [source.name for source in find_sources([tmp_path])] == ['a', 'b']


def test_equal_stems_get_different_names(tmp_path: Path):
    paths = [
        write_picture(tmp_path / folder / name)
        for folder, name in (
            ('one', 'x.png'),
            ('two', 'x.png'),
            ('two', 'x.jpg'),
            ('two', 'x_2.png'),
        )
    ]
    assert [source.name for source in find_sources(paths)] == ['x', 'x_3', 'x_4', 'x_2']
    assert [source.name for source in find_sources([paths[0]] * 3)] == ['x', 'x_2', 'x_3']


def test_a_video_gives_its_frames_rate_and_length(tmp_path: Path):
    (source,) = find_sources([write_video(tmp_path / 'drive.mp4')])
    assert isinstance(source, VideoStream)
    assert (source.rate_hz, source.num_frames) == (10, 5)
    frames = list(source.frames())
    assert [frame.name for frame in frames] == [f'drive_{index:06d}' for index in range(5)]
    # MPEG-4 is lossy; the frames are 40 apart
    for index, frame in enumerate(frames):
        assert abs(frame.image_bgr.mean() - 40 * index) < 5


def test_a_path_that_is_not_there_is_refused(tmp_path: Path):
    with pytest.raises(InputError, match=r'nowhere\.png is not there; name a picture'):
        find_sources([tmp_path / 'nowhere.png'])


def test_a_folder_without_pictures_is_refused(tmp_path: Path):
    write_video(tmp_path / 'drive.mp4')
    with pytest.raises(InputError, match=r'no pictures in folder .* found 1 other files; videos'):
        find_sources([tmp_path])


@pytest.mark.parametrize('content', [b'', b'no picture', b'\x89PNG\r\n\x1a\n' + bytes(50)])
def test_an_unreadable_picture_is_refused_when_it_is_read(tmp_path: Path, content: bytes):
    (tmp_path / 'bad.png').write_bytes(content)
    (source,) = find_sources([tmp_path / 'bad.png'])
    with pytest.raises(InputError, match=r'bad\.png is not a readable picture'):
        next(source.frames())


def test_an_unreadable_video_is_refused(tmp_path: Path):
    (tmp_path / 'bad.mp4').write_bytes(b'no video')
    with pytest.raises(InputError, match=r'bad\.mp4 is not a readable video'):
        open_video(tmp_path / 'bad.mp4', 'bad')


def test_a_missing_webcam_is_refused():
    with pytest.raises(InputError, match=r'no webcam 63 opens.*--webcam'):
        open_webcam(63)
