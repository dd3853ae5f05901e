import numpy as np
import pytest

from hopfield_pebal_ros.contract.labels import CITYSCAPES, IGNORE_ID, OUTLIER_ID
from training.data.outliers.street_objects import TRAIN_IDS_OF_COCO
from training.data.outliers.yolo_polygons import TRAFFIC_IDS
from training.data.outliers.yolo_scenes import YoloScenes

PERSON, HYDRANT, DOG = 0, 10, 16


def box(class_id, left, top, right, bottom):
    return f'{class_id} {left} {top} {right} {top} {right} {bottom} {left} {bottom}\n'


@pytest.fixture
def scenes(tmp_path, write_image, noisy_picture):
    def build(text):
        write_image(tmp_path / 'images' / 'a.png', noisy_picture)
        (tmp_path / 'labels').mkdir()
        (tmp_path / 'labels' / 'a.txt').write_text(text)
        return YoloScenes(tmp_path, excluded_ids=TRAFFIC_IDS, train_ids=TRAIN_IDS_OF_COCO)

    return build


def test_objects_are_what_they_are_and_the_rest_is_ignored(scenes, noisy_picture):
    [frame] = scenes(
        box(PERSON, 0, 0, 0.25, 0.5) + box(DOG, 0.5, 0, 0.75, 0.5) + box(HYDRANT, 0, 0.6, 1, 1)
    )
    assert np.array_equal(frame.image_rgb, noisy_picture[..., ::-1])  # the file is BGR
    # 60 x 80: columns 0..19 and 40..59, rows 0..29, less a rim of one pixel within the picture
    assert (frame.label_map[:29, :19] == CITYSCAPES.id_of('person')).all()
    assert (frame.label_map[:29, 41:59] == OUTLIER_ID).all()
    others = np.ones((60, 80), bool)
    others[:30, :21] = others[:30, 40:61] = False
    assert (frame.label_map[others] == IGNORE_ID).all()  # the hydrant, too
    assert (frame.label_map[28:32] == IGNORE_ID).any(axis=0).all()
    assert frame.name == 'a.png'


def test_what_is_smaller_lies_in_front(scenes):
    [frame] = scenes(box(PERSON, 0.4, 0.4, 0.6, 0.6) + box(DOG, 0, 0, 1, 1))
    assert frame.label_map[30, 40] == CITYSCAPES.id_of('person')
    assert frame.label_map[5, 5] == OUTLIER_ID
    assert frame.label_map[30, 32] == IGNORE_ID  # the rim between them
