"""Earlier results make way; anything else is left alone."""

from pathlib import Path

import pytest

from hopfield_pebal_ros.inference.output_folder import OutputFolderError
from hopfield_pebal_ros.replay.earlier_results import remove_earlier_bag


def test_a_bag_of_an_earlier_run_is_removed(tmp_path: Path) -> None:
    bag = tmp_path / 'result_bag'
    bag.mkdir()
    (bag / 'metadata.yaml').touch()
    for name in ('result_bag.mcap', 'result_bag_0.mcap', 'result_bag_12.mcap'):
        (bag / name).touch()
    (bag / 'result_bag_13').mkdir()  # left open by a killed recorder
    (bag / 'result_bag_13' / 'result_bag_13.mcap').touch()
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
