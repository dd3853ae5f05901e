import json
import pickle

import numpy as np
import pytest

from training.data.outliers.coco import CocoObjects

DOG, CAR, TRAIN = 18, 3, 7
CATEGORIES = [
    {'id': DOG, 'name': 'dog'},
    {'id': CAR, 'name': 'car'},
    {'id': TRAIN, 'name': 'train'},
]


def polygon(image_id, category_id, left, top, side):
    right, bottom = left + side - 0.4, top + side - 0.4  # corners that do not fall between pixels
    left, top = left + 0.4, top + 0.4
    return {
        'image_id': image_id,
        'category_id': category_id,
        'iscrowd': 0,
        'area': side * side,
        'segmentation': [[left, top, right, top, right, bottom, left, bottom]],
    }


def crowd(image_id, category_id, rows, image_hw=(60, 80)):
    """The upper `rows` rows of every column."""
    height, width = image_hw
    counts = [0, *[rows, height - rows] * width]
    return {
        'image_id': image_id,
        'category_id': category_id,
        'iscrowd': 1,
        'area': rows * width,
        'segmentation': {'size': list(image_hw), 'counts': counts},
    }


@pytest.fixture
def coco(tmp_path, write_image, noisy_picture):
    """Write a set with the given annotations and open it."""

    def build(*annotations):
        path = tmp_path / 'annotations' / 'instances_val2017.json'
        path.parent.mkdir(exist_ok=True)
        images = [{'id': number, 'file_name': f'{number:04d}.png'} for number in (5, 3, 8)]
        document = {'images': images, 'annotations': annotations, 'categories': CATEGORIES}
        path.write_text(json.dumps(document))
        for number in (3, 5, 8):
            write_image(tmp_path / 'val2017' / f'{number:04d}.png', noisy_picture)
        return path

    return build


def shapes(objects):
    return [[each.alpha.shape for each in objects.cut_outs(at)] for at in range(len(objects))]


def test_polygons_and_crowds_outside_traffic_are_cut_out_by_picture(coco):
    path = coco(
        polygon(8, DOG, 10, 10, 30),
        polygon(3, CAR, 10, 10, 40),
        polygon(3, DOG, 20, 10, 42),
        polygon(5, TRAIN, 10, 10, 40),
        polygon(8, DOG, 5, 5, 10),  # too small to be listed
        crowd(8, DOG, rows=20),
    )
    objects = CocoObjects(path)
    # a rim of one pixel is lost; the crowd reaches the border on three sides
    assert shapes(objects) == [[(40, 40)], [(28, 28), (19, 80)]]


def test_a_copy_for_another_process_gives_the_same(coco):
    objects = CocoObjects(coco(polygon(8, DOG, 10, 10, 30), crowd(5, DOG, rows=20)))
    copy = pickle.loads(pickle.dumps(objects))
    for index in range(2):
        for here, there in zip(objects.cut_outs(index), copy.cut_outs(index), strict=True):
            assert np.array_equal(here.rgb, there.rgb)


def test_nothing_but_traffic_is_refused(coco):
    with pytest.raises(ValueError, match=r'no object of at least 400 pixels outside .*train'):
        CocoObjects(coco(polygon(5, TRAIN, 10, 10, 40)))


def test_a_wrong_path_says_what_was_sought(coco, tmp_path):
    with pytest.raises(FileNotFoundError, match=r'no .*instances_train2017\.json; give DIR'):
        CocoObjects(tmp_path / 'annotations' / 'instances_train2017.json')
    path = coco(polygon(5, DOG, 10, 10, 40)).rename(
        tmp_path / 'annotations' / 'instances_test2017.json'
    )
    with pytest.raises(FileNotFoundError, match=r'no .*/test2017; give DIR'):
        CocoObjects(path)


def test_captions_are_no_instances(coco):
    path = coco({'image_id': 5, 'id': 1, 'caption': 'a dog'})
    with pytest.raises(ValueError, match=r"not an instances file of COCO: an entry lacks 'area'"):
        CocoObjects(path)


def test_a_picture_that_is_missing_or_of_another_size_is_named(coco, tmp_path, write_image):
    objects = CocoObjects(coco(crowd(5, DOG, rows=20), polygon(8, DOG, 10, 10, 40)))
    write_image(tmp_path / 'val2017' / '0005.png', np.zeros((50, 80, 3), np.uint8))
    with pytest.raises(ValueError, match=r'0005\.png is \(50, 80\), its COCO mask \(60, 80\)'):
        objects.cut_outs(0)
    (tmp_path / 'val2017' / '0008.png').write_bytes(b'')
    with pytest.raises(ValueError, match=r'0008\.png'):
        objects.cut_outs(1)
