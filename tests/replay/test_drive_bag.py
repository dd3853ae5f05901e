"""Rendered drives in a bag: what is rendered, and when it is rendered again."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from hopfield_pebal_ros.replay.bags import CAMERA_TOPIC, LABEL_TOPIC, open_bag
from hopfield_pebal_ros.replay.drive_bag import (
    FIRST_STAMP_NS,
    DrivePlan,
    is_rendered,
    render_drives,
)
from hopfield_pebal_ros.scenes.drive import Drive

PLAN = DrivePlan(seeds=(5, 6), frames_per_drive=2, rate_hz=4, image_hw=(64, 128))


def test_the_bag_has_the_frames_of_each_drive_in_turn(tmp_path: Path) -> None:
    render_drives(PLAN, tmp_path / 'bag')
    with open_bag(tmp_path / 'bag') as bag:
        images = [each.message for each in bag.messages([CAMERA_TOPIC])]
        labels = [each.message for each in bag.messages([LABEL_TOPIC])]
        stamps = list(bag.recorded_by_stamp(CAMERA_TOPIC))
    assert stamps == [FIRST_STAMP_NS + index * 250_000_000 for index in range(4)]
    last = Drive(6, image_hw=(64, 128)).frame(1, rate_hz=4)
    np.testing.assert_array_equal(images[3].data, last.image_rgb.ravel())
    np.testing.assert_array_equal(labels[3].data, last.label_map.ravel())
    assert images[3].encoding == 'rgb8'


def test_a_bag_is_rendered_once_for_each_plan(tmp_path: Path) -> None:
    bag = tmp_path / 'bag'
    assert not is_rendered(PLAN, bag)
    render_drives(PLAN, bag)
    assert is_rendered(PLAN, bag)
    other = replace(PLAN, frames_per_drive=1)
    assert not is_rendered(other, bag)
    render_drives(other, bag)
    with open_bag(bag) as rendered:
        assert rendered.camera_topic().num_messages == 2
