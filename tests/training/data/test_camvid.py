import cv2
import numpy as np
import pytest

from hopfield_pebal_ros.contract.labels import CITYSCAPES, IGNORE_ID
from tests.training.data.benchmarks.example_sets import write_image, write_labels
from training.data.camvid import (
    CAMVID_UNLABELLED,
    camvid_ids_of_train,
    open_camvid,
    train_ids_of_camvid,
)
from training.data.labelled_set import DatasetError


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
    frames = open_camvid(tmp_path)
    assert len(frames) == 2
    assert np.unique(frames[0].label_map).tolist() == [0]
    assert np.unique(frames[1].label_map).tolist() == [IGNORE_ID]


def test_the_official_split_is_read_by_its_part(tmp_path):
    for part, camvid_id in (('train', 0), ('val', 3)):
        write_image(tmp_path / part / 'a.png')
        write_labels(tmp_path / f'{part}annot' / 'a.png', camvid_id)
    assert open_camvid(tmp_path)[0].label_map[0, 0] == CITYSCAPES.id_of('sky')
    assert open_camvid(tmp_path, 'val')[0].label_map[0, 0] == CITYSCAPES.id_of('road')


def test_wrong_folder_is_told_the_patterns(tmp_path):
    with pytest.raises(DatasetError, match=r'/labels/\*\.png.*/trainannot/\*\.png.*holds nothing'):
        open_camvid(tmp_path)


def test_a_picture_without_mask_is_counted(tmp_path):
    for stem in 'ab':
        write_pair(tmp_path, stem, np.zeros((4, 6), np.uint8))
    (tmp_path / 'labels' / 'a.png').unlink()
    found = open_camvid(tmp_path)
    assert len(found) == 1
    assert found.images_without_labels == (tmp_path / 'images' / 'a.png',)


def test_the_32_class_release_is_recognised(tmp_path):
    write_pair(tmp_path, 'a', np.full((4, 6), 30, np.uint8))
    with pytest.raises(DatasetError, match=r'labels/a\.png holds ids 30, expected 0\.\.11; is it'):
        open_camvid(tmp_path)[0]


def test_a_mask_of_another_size_is_refused(tmp_path):
    write_pair(tmp_path, 'a', np.zeros((4, 5), np.uint8))
    with pytest.raises(DatasetError, match=r'images/a\.png is \(4, 6\).*are \(4, 5\)'):
        open_camvid(tmp_path)[0]
