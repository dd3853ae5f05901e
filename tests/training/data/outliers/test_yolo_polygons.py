import numpy as np
import pytest

from training.data.outliers.cut_out import TRAFFIC_CLASSES
from training.data.outliers.yolo_polygons import TRAFFIC_IDS, YoloPolygons

DOG, CAR = 16, 2
COCO_START = (
    *('person', 'bicycle', 'car', 'motorcycle', 'airplane', 'bus', 'train', 'truck', 'boat'),
    *('traffic light', 'fire hydrant', 'stop sign', 'parking meter'),
)


def box(class_id, left, top, right, bottom):
    return f'{class_id} {left} {top} {right} {top} {right} {bottom} {left} {bottom}\n'


@pytest.fixture
def yolo(tmp_path, write_image, noisy_picture):
    def build(text):
        write_image(tmp_path / 'images' / 'train' / 'a.png', noisy_picture)
        (tmp_path / 'labels' / 'train').mkdir(parents=True, exist_ok=True)
        (tmp_path / 'labels' / 'train' / 'a.txt').write_text(text)
        return YoloPolygons(tmp_path, excluded_ids=TRAFFIC_IDS)

    return build


def test_traffic_ids_are_the_traffic_classes():
    assert {COCO_START[each] for each in TRAFFIC_IDS} == set(TRAFFIC_CLASSES)


def test_objects_outside_traffic_are_cut_out(yolo, noisy_picture):
    objects = yolo(box(CAR, 0.1, 0.1, 0.9, 0.9) + box(DOG, 0.255, 0.507, 0.745, 1))
    [found] = objects.cut_outs(0)
    # columns 20..59, rows 30..59 of 60 x 80; the rim goes, except at the lower border
    assert found.alpha.shape == (29, 38)
    assert np.array_equal(found.rgb, noisy_picture[31:60, 21:59, ::-1])  # the file is BGR


def test_boxes_are_refused(yolo):
    with pytest.raises(ValueError, match=r"a\.txt has the line '16 0.5 0.5 0.2 0.2' \(2 points\)"):
        yolo('16 0.5 0.5 0.2 0.2').cut_outs(0)


def test_an_unreadable_picture_is_named(yolo, tmp_path):
    objects = yolo(box(DOG, 0, 0, 1, 1))
    (tmp_path / 'images' / 'train' / 'a.png').write_bytes(b'no picture')
    with pytest.raises(ValueError, match=r'a\.png'):
        objects.cut_outs(0)


def test_an_empty_folder_says_what_was_sought(tmp_path, write_image, noisy_picture):
    with pytest.raises(FileNotFoundError, match=r'no picture matches .*/images/\*\*/\*\.\{jpg'):
        YoloPolygons(tmp_path, excluded_ids=())
    write_image(tmp_path / 'images' / 'a.png', noisy_picture)
    with pytest.raises(FileNotFoundError, match=r'\.txt file; looked for .*/labels/a\.txt'):
        YoloPolygons(tmp_path, excluded_ids=())
