from collections import Counter

import numpy as np
import pytest

from hopfield_pebal_ros.contract.labels import IGNORE_ID, OUTLIER_ID
from tests.training.data.benchmarks.example_sets import write_image, write_labels
from training.data.data_report import SAMPLED_FRAMES, SetSurvey, data_report, survey
from training.data.frames import Frame, WeightedSource
from training.data.labelled_folder import open_labelled_folder


def surveyed(counts, **changes):
    histogram = np.zeros(256, np.int64)
    for each, count in counts.items():
        histogram[each] = count
    known = {'name': 'a', 'num_frames': 10, 'repeats': 1, 'num_sampled': 2}
    return SetSurvey(**known | changes, histogram=histogram, sizes=Counter({'6x4': 2}))


class ManyFrames:
    """Frame i holds id i % 2 alone; remembers which were read."""

    def __init__(self, count):
        self.count = count
        self.read = []

    def __len__(self):
        return self.count

    def __getitem__(self, index):
        self.read.append(index)
        ids = np.full((2, 3), index % 2, np.uint8)
        return Frame(np.zeros((2, 3, 3), np.uint8), ids, f'many/{index}')


def test_few_frames_of_a_large_set_are_read_evenly_spread():
    frames = ManyFrames(10 * SAMPLED_FRAMES)
    found = survey(WeightedSource(frames))
    assert frames.read == list(range(0, 10 * SAMPLED_FRAMES, 10))
    assert found.name == 'many'
    assert found.sizes == {'3x2': SAMPLED_FRAMES}


def test_small_sets_are_read_whole():
    frames = ManyFrames(3)
    assert survey(WeightedSource(frames)).histogram[:2].tolist() == [12, 6]
    assert frames.read == [0, 1, 2]


def test_shares_leave_void_out_and_void_is_a_share_of_all():
    found = surveyed({0: 30, OUTLIER_ID: 10, IGNORE_ID: 60})
    assert found.shares[[0, OUTLIER_ID, IGNORE_ID]].tolist() == [0.75, 0.25, 0]
    assert found.void_share == pytest.approx(0.6)


def test_a_set_of_void_alone_has_no_shares():
    assert surveyed({IGNORE_ID: 5}).shares.sum() == 0


def test_the_epoch_column_weighs_frames_and_repeats():
    # 10 frames once of road, 5 frames six times of sky: 10 to 30
    text = data_report([surveyed({0: 7}), surveyed({10: 9}, name='b', num_frames=5, repeats=6)])
    columns = {line.split()[0]: line.split()[1:] for line in text.splitlines()}
    assert columns['road'] == ['100.0', '%', '-', '25.0', '%']
    assert columns['sky'] == ['-', '100.0', '%', '75.0', '%']


def test_classes_that_were_not_seen_are_listed():
    text = data_report([surveyed({0: 7, OUTLIER_ID: 1})])
    assert 'in no frame looked at: sidewalk, building' in text
    assert 'outlier' in text
    assert 'road' not in text.splitlines()[-1]


def test_the_report_fits_a_screen():
    ids = dict.fromkeys([*range(19), OUTLIER_ID], 5)
    text = data_report([surveyed(ids, name=each) for each in 'abcd'])
    assert len(text.splitlines()) <= 40
    assert max(map(len, text.splitlines())) < 120


def test_what_is_there_and_what_is_missing_is_said(tmp_path):
    for stem in ('a', 'b', 'c'):
        write_image(tmp_path / f'images/{stem}.jpg')
        write_labels(tmp_path / f'labels/{stem}.png', 3)
    (tmp_path / 'labels/b.png').unlink()
    (tmp_path / 'images/c.jpg').unlink()
    (tmp_path / 'label_table.csv').write_text('id,name\n3,road\n')
    text = data_report([survey(WeightedSource(open_labelled_folder(tmp_path), repeats=4))])
    assert 'folder: 1 pairs, each 4 times an epoch; 1 looked at: 1 of 6x4; void 0.0 %' in text
    assert 'images/ and labels/; ids of label_table.csv' in text
    assert 'images without mask: 1, masks without image: 1' in text
    assert 'images/b.jpg has none; looked for ' in text
    assert 'images/c.jpg or ' in text
