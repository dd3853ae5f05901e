import pytest

from hopfield_pebal_ros.contract.labels import OUTLIER_ID
from tests.training.data.benchmarks.example_sets import opened, scanned, write_image, write_labels
from training.data.labelled_set import DatasetError


@pytest.mark.parametrize('suffix', ['jpg', 'webp'])
def test_the_official_layout_has_2_for_anomalies(tmp_path, suffix):
    write_image(tmp_path / f'frames/animals01.{suffix}')
    write_labels(tmp_path / 'frames/animals01.labels/labels_semantic.png', 0, 2)
    benchmark, _ = scanned('road_anomaly', tmp_path)
    _, label_map = benchmark.read(benchmark.pairs[0])
    assert benchmark.pairs[0].name == 'animals01'
    assert (label_map == OUTLIER_ID).sum() == 1


def test_the_repacked_layout_has_1_for_anomalies(tmp_path):
    write_image(tmp_path / 'original/a.jpg')
    write_labels(tmp_path / 'labels/a.png', 0, 1, 1)
    _, summary = scanned('road_anomaly', tmp_path)
    assert summary.outlier_share == pytest.approx(2 / 24)


def test_1_and_2_together_are_refused(tmp_path):
    for name, anomaly in (('a', 1), ('b', 2)):
        write_image(tmp_path / f'images/{name}.jpg')
        write_labels(tmp_path / f'labels/{name}.png', 0, anomaly)
    with pytest.raises(DatasetError, match='ids 1 and 2 both occur'):
        scanned('road_anomaly', tmp_path)


def test_an_image_without_labels_is_refused(tmp_path):
    write_labels(tmp_path / 'frames/a.labels/labels_semantic.png', 0, 2)
    write_image(tmp_path / 'frames/a.jpg')
    write_image(tmp_path / 'frames/b.jpg')
    with pytest.raises(DatasetError, match=r'1 of 2 images .* have no labels, .*b\.jpg'):
        opened('road_anomaly', tmp_path)
