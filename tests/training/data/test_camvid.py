import cv2
import numpy as np
import pytest

pytest.importorskip('torch')

from hopfield_pebal_ros.contract.labels import CITYSCAPES, IGNORE_ID
from training.data.camvid import (
    CAMVID_UNLABELLED,
    CamVidFrames,
    camvid_ids_of_train,
    train_ids_of_camvid,
)


def write_pair(folder, stem, mask, image_hw=(4, 6)):
    for name in ('images', 'labels'):
        (folder / name).mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(folder / 'images' / f'{stem}.png'), np.zeros((*image_hw, 3), np.uint8))
    cv2.imwrite(str(folder / 'labels' / f'{stem}.png'), mask)


def test_every_camvid_class_has_the_cityscapes_id_of_its_meaning():
    # sky 10, building 2, pole 5, road 0, sidewalk 1, vegetation 8, sign 7, fence 4, car 13, ...
    expected = [10, 2, 5, 0, 1, 8, 7, 4, 13, 11, 12]
    assert train_ids_of_camvid()[:11].tolist() == expected
    assert set(train_ids_of_camvid()[11:].tolist()) == {IGNORE_ID}


def test_every_train_id_counts_as_some_camvid_class():
    there = camvid_ids_of_train()
    assert there[: len(CITYSCAPES)].max() < CAMVID_UNLABELLED
    assert there[IGNORE_ID] == CAMVID_UNLABELLED
    assert there[CITYSCAPES.id_of('bicycle')] == there[CITYSCAPES.id_of('rider')] == 10


def test_there_and_back_is_the_identity_on_camvid_ids():
    ids = np.arange(CAMVID_UNLABELLED + 1)
    assert camvid_ids_of_train()[train_ids_of_camvid()[ids]].tolist() == ids.tolist()


def test_masks_come_as_train_ids(tmp_path):
    write_pair(tmp_path, 'a', np.full((4, 6), 3, np.uint8))
    write_pair(tmp_path, 'b', np.full((4, 6), 11, np.uint8))
    frames = CamVidFrames(tmp_path)
    assert len(frames) == 2
    assert np.unique(frames[0].label_map).tolist() == [0]
    assert np.unique(frames[1].label_map).tolist() == [IGNORE_ID]


def test_wrong_folder_is_told_the_pattern(tmp_path):
    with pytest.raises(FileNotFoundError, match=r'images/\*\.jpg or \*\.png'):
        CamVidFrames(tmp_path)


def test_missing_mask_is_named(tmp_path):
    write_pair(tmp_path, 'a', np.zeros((4, 6), np.uint8))
    (tmp_path / 'labels' / 'a.png').unlink()
    with pytest.raises(FileNotFoundError, match=r'labels/a\.png'):
        CamVidFrames(tmp_path)


@pytest.mark.parametrize(
    ('mask', 'message'),
    [
        (np.full((4, 6), 30, np.uint8), 'id 30, expected 0..11'),
        (np.zeros((4, 5), np.uint8), 'same height and width'),
        (np.zeros((4, 6), np.uint16), '16-bit'),
        (np.zeros((4, 6, 3), np.uint8), 'one channel'),
    ],
)
def test_unusable_masks_are_refused(tmp_path, mask, message):
    write_pair(tmp_path, 'a', mask)
    with pytest.raises(ValueError, match=message):
        CamVidFrames(tmp_path)[0]


def test_truncated_picture_is_named(tmp_path):
    write_pair(tmp_path, 'a', np.zeros((4, 6), np.uint8))
    (tmp_path / 'images' / 'a.png').write_bytes(b'')
    with pytest.raises(ValueError, match=r'a\.png cannot be read as a picture'):
        CamVidFrames(tmp_path)[0]
