"""Chains of static transforms, with stand-ins for the messages of tf2."""

import math
from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip('rclpy')

from hopfield_pebal_ros.node.static_transforms import StaticTransforms


def transform(parent, child, xyz=(0.0, 0.0, 0.0), yaw_deg=0.0):
    half = math.radians(yaw_deg) / 2
    return SimpleNamespace(
        header=SimpleNamespace(frame_id=parent),
        child_frame_id=child,
        transform=SimpleNamespace(
            translation=SimpleNamespace(x=xyz[0], y=xyz[1], z=xyz[2]),
            rotation=SimpleNamespace(x=0.0, y=0.0, z=math.sin(half), w=math.cos(half)),
        ),
    )


@pytest.fixture
def transforms():
    node = SimpleNamespace(create_subscription=lambda *_: None)
    found = StaticTransforms(node)
    found.add(
        [
            transform('base_link', 'mast', (1.0, 0.0, 1.0), yaw_deg=90),
            transform('/mast', 'camera', (2.0, 0.0, 0.5)),
            transform('base_footprint', 'base_link', (0.0, 0.0, 0.3)),
        ]
    )
    return found


def test_a_chain_is_multiplied_up_to_the_base(transforms):
    pose = transforms.pose('base_link', 'camera')
    # 2 m along the mast's x, which is the base's y
    assert pose.position_m == pytest.approx([1, 2, 1.5])
    assert pose.rotation @ [1, 0, 0] == pytest.approx([0, 1, 0])
    assert transforms.pose('base_footprint', 'camera').position_m == pytest.approx([1, 2, 1.8])


def test_the_base_may_hang_on_another_branch(transforms):
    transforms.add([transform('base_footprint', 'rear_axle', (-1.0, 0.0, 0.3))])
    assert transforms.pose('rear_axle', 'camera').position_m == pytest.approx([2, 2, 1.5])


def test_frames_that_nothing_joins_have_no_pose(transforms):
    assert transforms.pose('base_link', 'other_camera') is None


def test_a_loop_ends(transforms):
    transforms.add([transform('b', 'a'), transform('a', 'b')])
    assert transforms.pose('base_link', 'a') is None
    assert np.allclose(transforms.pose('b', 'a').rotation, np.eye(3))
