from pathlib import Path

import pytest

from hopfield_pebal_ros.inference.cache_folder import prepare_cache_folder
from hopfield_pebal_ros.inference.engine import EngineError


def test_the_folder_is_made_and_left_empty(tmp_path: Path):
    folder = tmp_path / 'a' / 'b'
    assert prepare_cache_folder(folder) == folder
    assert prepare_cache_folder(folder) == folder
    assert list(folder.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_refused(tmp_path: Path):
    (tmp_path / 'file').touch()
    with pytest.raises(EngineError, match=r'cannot write to cache_folder .*file/a.*name a folder'):
        prepare_cache_folder(tmp_path / 'file' / 'a')
