import pytest

from hopfield_pebal_ros.contract.labels import IGNORE_ID, OUTLIER_ID
from tests.training.data.benchmarks.example_sets import scanned, write_image, write_labels
from training.data.labelled_set import DatasetError


def write_frame(root, part, name, *ids):
    write_image(root / f'seg/images/{part}/{name}.jpg')
    write_labels(root / f'seg/labels/{part}/{name}_train_id.png', *ids)


def test_only_images_with_an_outlier_class_are_kept(tmp_path):
    write_frame(tmp_path, 'train', 'a', 0, 15, 255)
    write_frame(tmp_path, 'val', 'b', 0, 15, 16, 17, 18, 255)
    benchmark, summary = scanned('bdd_anomaly', tmp_path)
    assert [each.name for each in benchmark.pairs] == ['b']
    assert summary.num_left_out == 1
    _, label_map = benchmark.read(benchmark.pairs[0])
    assert label_map[0].tolist() == [0, 15, *[OUTLIER_ID] * 3, IGNORE_ID]


def test_shifted_labels_are_refused(tmp_path):
    write_frame(tmp_path, 'val', 'b', 1, 19)
    with pytest.raises(DatasetError, match=r'holds ids 19, .* shifted'):
        scanned('bdd_anomaly', tmp_path)
