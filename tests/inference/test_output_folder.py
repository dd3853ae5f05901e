import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from hopfield_pebal_ros.inference.output_folder import OutputFolderError, prepare_output_folder


def test_the_folder_is_made_with_its_parents_and_left_empty(tmp_path: Path):
    prepare_output_folder(tmp_path / 'a' / 'b', needed_bytes=1000)
    assert list((tmp_path / 'a' / 'b').iterdir()) == []


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path):
    (tmp_path / 'file').touch()
    with pytest.raises(OutputFolderError, match=r'cannot write .*file.*--out'):
        prepare_output_folder(tmp_path / 'file' / 'out', needed_bytes=0)


def test_a_full_disk_is_refused_with_both_sizes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(shutil, 'disk_usage', lambda _: SimpleNamespace(free=70_000_000))
    prepare_output_folder(tmp_path, needed_bytes=6_000_000)
    with pytest.raises(OutputFolderError, match=r'need about 71 MB, .* has 70 MB free'):
        prepare_output_folder(tmp_path, needed_bytes=7_000_000)
