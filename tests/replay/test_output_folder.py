"""Output folders: made, proven writable, and earlier results removed with care."""

from pathlib import Path

import pytest

from hopfield_pebal_ros.replay.output_folder import (
    OutputFolderError,
    prepare_output_folder,
    remove_earlier_bag,
)


def test_a_folder_is_made_and_left_empty(tmp_path: Path) -> None:
    prepare_output_folder(tmp_path / 'a' / 'b', needed_bytes=1000)
    assert list((tmp_path / 'a' / 'b').iterdir()) == []


def test_more_than_the_disk_holds_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OutputFolderError, match=r'need about .* MB, the disk of .* MB free'):
        prepare_output_folder(tmp_path, needed_bytes=10**18)


def test_a_bag_of_an_earlier_run_is_removed(tmp_path: Path) -> None:
    bag = tmp_path / 'result_bag'
    bag.mkdir()
    (bag / 'metadata.yaml').touch()
    (bag / 'result_bag.mcap').touch()
    remove_earlier_bag(bag)
    assert not bag.exists()
    remove_earlier_bag(bag)  # nothing there: nothing to do


def test_anything_else_is_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / 'result_bag'
    folder.mkdir()
    (folder / 'thesis.tex').touch()
    with pytest.raises(OutputFolderError, match=r'not a result of an earlier run.*thesis\.tex'):
        remove_earlier_bag(folder)
    assert (folder / 'thesis.tex').exists()
