import pytest

from tests.training.data.benchmarks.example_sets import opened, scanned, write_image, write_labels
from training.data.labelled_set import DatasetError


def test_the_labelled_images_count_and_hidden_ones_are_told(tmp_path):
    root = tmp_path / 'dataset_AnomalyTrack'
    write_image(root / 'images/validation0003.jpg')
    write_image(root / 'images/airplane0000.jpg')
    write_labels(root / 'labels_masks/validation0003_labels_semantic.png', 0, 1)
    write_labels(root / 'labels_masks/validation0003_labels_semantic_color.png', 9)
    benchmark, summary = scanned('smiyc_anomaly', tmp_path)
    assert [each.name for each in benchmark.pairs] == ['validation0003']
    assert '1 images without labels were left out' in summary.lines(benchmark)[-1]


def test_test_images_alone_are_refused_and_not_taken_as_free_of_anomalies(tmp_path):
    write_image(tmp_path / 'images/airplane0000.jpg')
    with pytest.raises(DatasetError, match=r'labels_masks/validation\*.*hidden'):
        opened('smiyc_anomaly', tmp_path)


def test_the_hidden_part_is_refused_by_name(tmp_path):
    with pytest.raises(DatasetError, match='test images of smiyc_obstacle are hidden'):
        opened('smiyc_obstacle', tmp_path, split='test')


def test_obstacle_images_that_the_official_tool_leaves_out_are_left_out(tmp_path):
    for name in ('validation_1', 'validation_19', 'validation_20', 'validation_25'):
        write_image(tmp_path / f'images/{name}.webp')
        write_labels(tmp_path / f'labels_masks/{name}_labels_semantic.png', 0, 1, 255)
    benchmark = opened('smiyc_obstacle', tmp_path)
    assert [each.name for each in benchmark.pairs] == ['validation_1', 'validation_20']
    assert benchmark.track == 'obstacle'
