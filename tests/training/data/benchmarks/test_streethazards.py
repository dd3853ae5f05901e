import pytest

from hopfield_pebal_ros.contract.labels import OUTLIER_ID
from tests.training.data.benchmarks.example_sets import scanned, write_image, write_labels
from training.data.label_sets import STREETHAZARDS
from training.data.labelled_set import DatasetError


def test_files_hold_the_class_plus_one_and_14_is_the_anomaly(tmp_path):
    write_image(tmp_path / 'test/images/test/t5/300.png')
    write_labels(tmp_path / 'test/annotations/test/t5/300.png', 8, 2, 13, 14)
    benchmark, _ = scanned('streethazards', tmp_path)
    _, label_map = benchmark.read(benchmark.pairs[0])
    names = [STREETHAZARDS.names[index] for index in label_map[0, :3]]
    assert names == ['road', 'building', 'traffic sign']
    assert label_map[0, 3] == OUTLIER_ID
    assert (benchmark.pairs[0].name, benchmark.pairs[0].group) == ('t5/300', 't5')


def test_shifted_files_are_refused(tmp_path):
    write_image(tmp_path / 'test/images/test/t5/300.png')
    write_labels(tmp_path / 'test/annotations/test/t5/300.png', 0, 13)
    with pytest.raises(DatasetError, match='shifted by one'):
        scanned('streethazards', tmp_path)
