"""Which topics are cameras, and what they are called."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from hopfield_pebal_ros.replay.bag_writer import BagWriter, image_message
from hopfield_pebal_ros.replay.bags import BagError, open_bag
from hopfield_pebal_ros.replay.cameras import choose_cameras, names_of

FRONT, LEFT = '/sensing/front/image_raw', '/sensing/left/image_raw'


def chosen(tmp_path: Path, topics: Sequence[str], words: Sequence[str]) -> dict[str, str]:
    """Return {camera: topic} of what `words` choose from a bag with these topics."""
    with BagWriter(tmp_path / 'bag', dict.fromkeys(topics, 'reliable')) as writer:
        for topic in topics:
            image = np.zeros((4, 4, 3), np.uint8)
            writer.write(topic, 7, image_message(image, 'bgr8', stamp_ns=7, frame_id=''))
    with open_bag(tmp_path / 'bag') as bag:
        cameras = choose_cameras(bag, words, label_topics=['/truth'])
    return {each.name: each.topic.name for each in cameras}


@pytest.mark.parametrize(
    'words',
    [['front', 'left'], ['all'], [f'front:={FRONT}', 'left'], ['front', f'left:={LEFT[1:]}']],
)
def test_cameras_are_found(tmp_path: Path, words: list[str]) -> None:
    topics = [FRONT, LEFT, '/front/ground_truth/labels', '/truth']
    assert chosen(tmp_path, topics, words) == {'front': FRONT, 'left': LEFT}


@pytest.mark.parametrize(
    ('words', 'reason'),
    [
        (['rear'], f'no image topics .* have rear in their name: {FRONT}, {LEFT}; say which'),
        (['sensing'], 'several image topics .* have sensing in their name'),
        (['front', 'front'], 'camera front is named twice'),
        ([f'a:={FRONT}', f'b:={FRONT}'], f'topic {FRONT} is named twice'),
        (['front:=/rear'], 'no messages on image topic /rear'),
        (['../etc:=/sensing/front/image_raw'], r"cannot be called '\.\./etc'"),
        (['front', 'all'], "cannot be called 'all'"),
    ],
)
def test_what_is_no_camera_is_refused(tmp_path: Path, words: list[str], reason: str) -> None:
    with pytest.raises(BagError, match=reason):
        chosen(tmp_path, [FRONT, LEFT], words)


@pytest.mark.parametrize(
    ('topics', 'names'),
    [
        ([FRONT, LEFT], ['front', 'left']),
        (['/front/image', '/rear_2/image'], ['front', 'rear_2']),
        (['/a/image', '/a/image/compressed'], ['camera', 'compressed']),
        (['/../../etc/passwd', '/<b>cam'], ['etc_passwd', 'b_cam']),
        (['/0', '/1'], ['camera_0', 'camera_1']),
    ],
)
def test_names_are_what_tells_topics_apart(topics: list[str], names: list[str]) -> None:
    assert names_of(topics) == names


def test_names_that_fall_together_are_refused() -> None:
    with pytest.raises(BagError, match=r"would all be called 'camera'; name the cameras"):
        names_of(['/cam.a', '/cam-a'])
