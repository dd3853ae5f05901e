import pytest

from hopfield_pebal_ros.contract.labels import CITYSCAPES, IGNORE_ID, OUTLIER_ID
from tests.training.data.benchmarks.example_sets import opened, scanned, write_image, write_labels
from training.data.labelled_set import DatasetError


def write_frame(root, name, *ids):
    write_image(root / f'val/{name}.png')
    write_labels(root / f'valannot/{name}.png', *ids)


def test_a_held_out_class_is_outlier_and_the_others_keep_their_order(tmp_path):
    write_frame(tmp_path, '0016E5_07959', 0, 7, 8, 9, 11)
    benchmark, _ = scanned('camvid', tmp_path, held_out='car')
    _, label_map = benchmark.read(benchmark.pairs[0])
    assert label_map[0, :5].tolist() == [0, 7, OUTLIER_ID, 8, IGNORE_ID]
    assert benchmark.label_set.names[7:9] == ('fence', 'pedestrian')
    assert 'car' not in benchmark.label_set.names


def test_without_a_held_out_class_it_is_a_closed_set(tmp_path):
    write_frame(tmp_path, '0016E5_07959', 0, 8)
    benchmark, summary = scanned('camvid', tmp_path)
    assert not benchmark.has_outliers
    assert summary.outlier_share == 0


def test_every_cityscapes_class_counts_as_one_of_the_set(tmp_path):
    write_frame(tmp_path, '0016E5_07959', 0)
    benchmark = opened('camvid', tmp_path)
    counted = {benchmark.also_counted_as.get(name, name) for name in CITYSCAPES.names}
    assert counted == set(benchmark.label_set.names)


def test_frames_of_one_second_are_one_group(tmp_path):
    for name in ('0016E5_00030', '0016E5_00059', '0016E5_00060', '0006R0_f00060'):
        write_frame(tmp_path, name, 0)
    groups = [each.group for each in opened('camvid', tmp_path).pairs]
    assert groups == ['0006R0 2 s', '0016E5 1 s', '0016E5 1 s', '0016E5 2 s']


def test_an_unknown_class_lists_the_classes(tmp_path):
    write_frame(tmp_path, '0016E5_07959', 0)
    with pytest.raises(DatasetError, match="no class 'truck'; it has sky, building"):
        opened('camvid', tmp_path, held_out='truck')


def test_the_32_class_release_is_refused(tmp_path):
    write_frame(tmp_path, '0016E5_07959', 0, 21)
    with pytest.raises(DatasetError, match=r'ids 21, expected 0\.\.11; .*32-class'):
        scanned('camvid', tmp_path)
