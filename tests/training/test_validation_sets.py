from dataclasses import replace

import pytest

pytest.importorskip('torch')

from hopfield_pebal_ros.contract.labels import OUTLIER_ID
from tests.training.data.benchmarks.example_sets import write_image, write_labels
from training.validation_sets import anomaly_sets


def test_sets_are_opened_by_name(tmp_path, tiny_settings):
    write_image(tmp_path / 'images/a.png')
    write_labels(tmp_path / 'labels/a.png', 0, 1, 255)
    found = anomaly_sets(replace(tiny_settings, val_sets=(f'folder={tmp_path}',)))
    assert list(found) == ['folder']
    [frame] = [found['folder'][index] for index in range(len(found['folder']))]
    assert (frame.label_map == OUTLIER_ID).sum() > 0
    assert frame.image_rgb.shape[:2] == frame.label_map.shape


def test_without_sets_there_are_none(tiny_settings):
    assert anomaly_sets(tiny_settings) == {}


@pytest.mark.parametrize('text', ['folder', 'no_such_set=x', '=x'])
def test_a_bad_name_lists_the_good_ones(tiny_settings, text):
    with pytest.raises(ValueError, match=rf"NAME=DIR, got '{text}'; NAME is one of fs_static, "):
        anomaly_sets(replace(tiny_settings, val_sets=(text,)))


def test_a_folder_that_is_not_there_says_what_was_sought(tmp_path, tiny_settings):
    settings = replace(tiny_settings, val_sets=(f'folder={tmp_path / "none"}',))
    with pytest.raises(ValueError, match=r'--val-sets folder=.*none is no folder of folder'):
        anomaly_sets(settings)


def test_a_set_is_named_once(tmp_path, tiny_settings):
    write_image(tmp_path / 'images/a.png')
    write_labels(tmp_path / 'labels/a.png', 0, 1)
    settings = replace(tiny_settings, val_sets=(f'folder={tmp_path}',) * 2)
    with pytest.raises(ValueError, match='names folder twice'):
        anomaly_sets(settings)
