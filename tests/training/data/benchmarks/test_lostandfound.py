import pytest

from hopfield_pebal_ros.contract.labels import IGNORE_ID, OUTLIER_ID
from tests.training.data.benchmarks.example_sets import opened, scanned, write_image, write_labels
from training.data.benchmarks.benchmark import INLIER_ID
from training.data.labelled_set import DatasetError

SCENE = '10_Schlossberg_9'


def write_frame(root, frame, *ids):
    name = f'{SCENE}_{frame}_000010'
    write_image(root / f'leftImg8bit/test/{SCENE}/{name}_leftImg8bit.png')
    write_labels(root / f'gtCoarse/test/{SCENE}/{name}_gtCoarse_labelIds.png', *ids)
    return name


def test_road_is_inlier_obstacles_are_outliers_and_the_rest_is_void(tmp_path):
    name = write_frame(tmp_path, '000001', 1, 2, 43, 0)
    benchmark, _ = scanned('lostandfound', tmp_path)
    _, label_map = benchmark.read(benchmark.pairs[0])
    assert label_map[0, :4].tolist() == [INLIER_ID, OUTLIER_ID, OUTLIER_ID, IGNORE_ID]
    assert (benchmark.pairs[0].name, benchmark.pairs[0].group) == (name, SCENE)


def test_frames_without_any_label_are_left_out(tmp_path):
    kept = write_frame(tmp_path, '000001', 1, 2)
    write_frame(tmp_path, '000002', 0)
    benchmark, summary = scanned('lostandfound', tmp_path)
    assert [each.name for each in benchmark.pairs] == [kept]
    assert summary.num_left_out == 1


def test_frames_of_known_objects_are_left_out_of_lostandfound_known(tmp_path):
    kept = write_frame(tmp_path, '000001', 1, 2)
    write_frame(tmp_path, '000004', 1, 40)  # bicycles
    assert len(opened('lostandfound', tmp_path).pairs) == 2
    assert [each.name for each in opened('lostandfound_known', tmp_path).pairs] == [kept]


def test_an_id_outside_the_table_is_refused(tmp_path):
    write_frame(tmp_path, '000001', 1, 2, 77)
    with pytest.raises(DatasetError, match=r'holds ids 77, expected 0\.\.43'):
        scanned('lostandfound', tmp_path)
