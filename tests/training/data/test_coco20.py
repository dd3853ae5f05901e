"""COCO-Stuff's label files with 20 objects known."""

import pytest

from hopfield_pebal_ros.contract.labels import IGNORE_ID, OUTLIER_ID
from tests.training.data.benchmarks.example_sets import opened, write_image, write_labels
from training.data.coco20 import ids_in_file, open_coco20
from training.data.label_sets import COCO20
from training.data.labelled_set import DatasetError

PERSON, BOAT, TV, GIRAFFE, TREE = 0, 8, 71, 24, 168
"""In the files: COCO's category less one, then stuff."""


@pytest.fixture
def root(tmp_path):
    for split in ('train2017', 'val2017'):
        write_image(tmp_path / split / '000000000009.jpg')
        labels = tmp_path / 'stuffthingmaps' / split / '000000000009.png'
        write_labels(labels, PERSON, BOAT, TV, GIRAFFE, TREE, 255)
    return tmp_path


def test_known_objects_have_the_ids_of_the_label_set(root):
    found = open_coco20(root)[0].label_map.ravel()[:6].tolist()
    known = [COCO20.id_of(name) for name in ('person', 'boat', 'tv')]
    assert found == [*known, IGNORE_ID, IGNORE_ID, IGNORE_ID]


def test_unknown_objects_are_the_outliers_of_the_benchmark(root):
    benchmark = opened('coco20', root)
    _, label_map = benchmark.read(benchmark.pairs[0])
    assert label_map.ravel()[3:6].tolist() == [OUTLIER_ID, IGNORE_ID, IGNORE_ID]
    assert benchmark.label_set == COCO20


def test_twenty_objects_are_known_and_sixty_are_not():
    meanings = list(ids_in_file(unknown=OUTLIER_ID).our_ids.values())
    assert sorted(each for each in meanings if each < len(COCO20)) == list(range(20))
    assert meanings.count(OUTLIER_ID) == 60


def test_a_folder_without_label_files_says_what_is_wanted(tmp_path):
    with pytest.raises(DatasetError, match='stuffthingmaps/train2017/ inside'):
        open_coco20(tmp_path)
