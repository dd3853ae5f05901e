import pickle

import pytest

from tests.training.data.benchmarks.example_sets import write_image, write_labels
from training.data.inlier_sets import InlierSettings, open_inliers


@pytest.fixture
def folder(tmp_path):
    write_image(tmp_path / 'images/a.png')
    write_labels(tmp_path / 'labels/a.png', 7, 23)
    (tmp_path / 'label_table.csv').write_text('id,name\n7,car\n23,road\n')
    return tmp_path


def test_nothing_is_opened_that_is_not_given():
    assert open_inliers(InlierSettings()) == []


def test_each_set_counts_as_often_as_said_and_reads_its_own_ids(folder):
    settings = InlierSettings(
        cityscapes=folder, cityscapes_repeats=5, folder=folder, folder_repeats=2
    )
    sources = open_inliers(settings)
    assert [each.repeats for each in sources] == [5, 2]
    assert [each.frames[0].label_map[0, :2].tolist() for each in sources] == [[0, 10], [13, 0]]


def test_sources_can_be_sent_to_worker_processes(folder):
    (source,) = open_inliers(InlierSettings(folder=folder))
    again = pickle.loads(pickle.dumps(source))
    assert again.frames[0].name == 'folder/a'


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        ({'folder_repeats': 0}, 'folder_repeats must be at least 1, got 0'),
        ({'cityscapes_splits': ()}, 'cityscapes_splits needs train or val'),
        ({'folder_table': 'ids.csv'}, 'folder_table needs a folder'),
        ({'coco20_repeats': 0}, 'coco20_repeats must be at least 1'),
        ({'streethazards': 'towns'}, '--streethazards has the classes of streethazards, but'),
        (
            {'label_set': 'coco20', 'camvid': 'camvid'},
            '--camvid has the classes of cityscapes, but --label-set is coco20',
        ),
    ],
)
def test_settings_that_mean_nothing_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        InlierSettings(**changes)
