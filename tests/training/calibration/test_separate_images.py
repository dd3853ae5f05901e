import pytest

from training.calibration.separate_images import (
    drive_of,
    require_separate_images,
    shared_drives,
    shared_drives_note,
)

TRAIN = ('camvid/0016E5_00390.jpg', 'camvid/0006R0_f00930.jpg', 'drive/010000_0001.jpg')
OTHER = ('camvid/0016E5_07959.jpg', 'drive/950000_0001.jpg')


def test_other_frames_pass_and_their_shared_drive_is_told():
    require_separate_images(training=TRAIN, calibration=OTHER)
    drives = shared_drives(training=TRAIN, calibration=OTHER)
    assert drives == ('camvid/0016E5',)
    assert 'other frames of camvid/0016E5 were trained on' in shared_drives_note(drives)


def test_without_a_shared_drive_there_is_nothing_to_say():
    assert shared_drives_note(shared_drives(training=TRAIN, calibration=OTHER[1:])) == ''


def test_training_images_are_refused_by_name():
    names = [f'city/a_{number}.png' for number in range(5)]
    with pytest.raises(ValueError, match=r'5 .*: city/a_0\.png, .* and 2 more; .*other images'):
        require_separate_images(training=[*TRAIN, *names], calibration=names)


@pytest.mark.parametrize(
    ('name', 'drive'),
    [
        ('cityscapes/aachen_000000_000019_leftImg8bit.png', 'cityscapes/aachen_000000'),
        ('camvid/0001TP_006690.jpg', 'camvid/0001TP'),
        ('drive/950000_0002.jpg', 'drive/950000'),
        ('mine/picture.png', 'mine/picture'),
    ],
)
def test_the_drive_is_what_stands_before_the_last_number(name, drive):
    assert drive_of(name) == drive
