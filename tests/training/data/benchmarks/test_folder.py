import pytest

from hopfield_pebal_ros.contract.labels import IGNORE_ID, OUTLIER_ID
from tests.training.data.benchmarks.example_sets import opened, scanned, write_image, write_labels
from training.data.benchmarks.benchmark import INLIER_ID
from training.data.labelled_set import DatasetError


def write_pair(root, name, *ids, suffix='png'):
    write_image(root / f'images/{name}.{suffix}')
    write_labels(root / f'labels/{name}.png', *ids)


def test_the_ids_are_what_the_user_says(tmp_path):
    write_pair(tmp_path, 'a', 0, 7, 9, 1, 255, suffix='webp')
    benchmark, _ = scanned('folder', tmp_path, anomaly_ids=(7, 9), ignore_ids=(1,))
    _, label_map = benchmark.read(benchmark.pairs[0])
    assert label_map[0, :5].tolist() == [
        INLIER_ID,
        OUTLIER_ID,
        OUTLIER_ID,
        IGNORE_ID,
        INLIER_ID,
    ]


def test_1_is_an_anomaly_and_255_ignored_unless_said_otherwise(tmp_path):
    write_pair(tmp_path, 'a', 0, 1, 255)
    benchmark, _ = scanned('folder', tmp_path)
    _, label_map = benchmark.read(benchmark.pairs[0])
    assert label_map[0, :3].tolist() == [INLIER_ID, OUTLIER_ID, IGNORE_ID]


def test_an_id_cannot_be_both(tmp_path):
    write_pair(tmp_path, 'a', 0, 1)
    with pytest.raises(DatasetError, match='share 255'):
        opened('folder', tmp_path, anomaly_ids=(1, 255))


@pytest.mark.parametrize(
    ('ids', 'message'),
    [
        ((0,), 'no pixel of 1 label files is an outlier .* expected ids 1 for outliers'),
        ((255,), 'no pixel of 1 label files counts'),
        ((1,), 'every pixel that counts is an outlier'),
    ],
)
def test_a_set_that_cannot_be_measured_is_refused(tmp_path, ids, message):
    write_pair(tmp_path, 'a', *ids)
    with pytest.raises(DatasetError, match=message):
        scanned('folder', tmp_path)


def test_labels_of_another_size_are_refused(tmp_path):
    write_image(tmp_path / 'images/a.png')
    write_labels(tmp_path / 'labels/a.png', 0, 1, hw=(5, 6))
    benchmark, _ = scanned('folder', tmp_path)
    with pytest.raises(DatasetError, match=r'\(4, 6\) and its labels .* are \(5, 6\)'):
        benchmark.read(benchmark.pairs[0])


def test_a_missing_label_and_a_missing_image_are_refused(tmp_path):
    write_pair(tmp_path, 'a', 0, 1)
    write_image(tmp_path / 'images/b.png')
    with pytest.raises(DatasetError, match=r'1 of 2 images .* no labels, for example b\.png'):
        opened('folder', tmp_path)
    (tmp_path / 'images/b.png').unlink()
    write_labels(tmp_path / 'labels/c.png', 0, 1)
    with pytest.raises(DatasetError, match=r'1 of 2 label files .* looked for .*images/c\.jpg'):
        opened('folder', tmp_path)


def test_nothing_there_says_what_was_looked_for_and_what_was_found(tmp_path):
    (tmp_path / 'pictures').mkdir()
    with pytest.raises(DatasetError, match=r'labels/\*\.png.*The folder holds pictures'):
        opened('folder', tmp_path)
    with pytest.raises(DatasetError, match='is no folder'):
        opened('folder', tmp_path / 'absent')


def test_an_option_of_another_set_is_refused(tmp_path):
    with pytest.raises(DatasetError, match='--held-out means nothing for folder'):
        opened('folder', tmp_path, held_out='car')
