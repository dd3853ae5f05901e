import pytest

from hopfield_pebal_ros.contract.labels import CITYSCAPES, IGNORE_ID
from tests.training.data.benchmarks.example_sets import scanned, write_image, write_labels
from training.data.labelled_set import DatasetError

ID = 'lindau_000001_000019'


def write_official(root, kind, *ids):
    write_image(root / f'leftImg8bit/val/lindau/{ID}_leftImg8bit.png')
    write_labels(root / f'gtFine/val/lindau/{ID}_gtFine_{kind}.png', *ids)


def test_label_ids_become_train_ids(tmp_path):
    write_official(tmp_path, 'labelIds', 7, 23, 33, 4, 29)
    benchmark, _ = scanned('cityscapes_val', tmp_path)
    _, label_map = benchmark.read(benchmark.pairs[0])
    assert [CITYSCAPES.names[index] for index in label_map[0, :3]] == ['road', 'sky', 'bicycle']
    assert label_map[0, 3:5].tolist() == [IGNORE_ID, IGNORE_ID]
    assert 'labelIds in the files' in benchmark.variant


def test_train_ids_are_taken_as_they_are(tmp_path):
    write_official(tmp_path, 'labelTrainIds', 0, 10, 18, 255)
    benchmark, _ = scanned('cityscapes_val', tmp_path)
    _, label_map = benchmark.read(benchmark.pairs[0])
    assert label_map[0, :4].tolist() == [0, 10, 18, IGNORE_ID]
    assert 'train ids in the files' in benchmark.variant


@pytest.mark.parametrize('folder', ['annotation', 'annotations'])
def test_the_flattened_layout_of_pebal_is_recognised(tmp_path, folder):
    write_image(tmp_path / f'images/city_gt_fine/val/{ID}_leftImg8bit.png')
    write_labels(tmp_path / f'{folder}/city_gt_fine/val/{ID}_gtFine.png', 0, 255)
    benchmark, _ = scanned('cityscapes_val', tmp_path)
    assert benchmark.pairs[0].group == 'lindau_000001'


def test_mixed_files_are_refused(tmp_path):
    for name, ids in (('a', (7, 23)), ('b', (0, 255))):
        write_image(tmp_path / f'images/{name}.png')
        write_labels(tmp_path / f'labels/{name}.png', *ids)
    with pytest.raises(DatasetError, match='labelIds and files with train ids are mixed'):
        scanned('cityscapes_val', tmp_path)
