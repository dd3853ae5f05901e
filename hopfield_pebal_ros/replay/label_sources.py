"""Where the label images of each camera are: on a topic of the bag, or in a folder."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from hopfield_pebal_ros.replay.bag_from_images import PictureError, read_labels
from hopfield_pebal_ros.replay.bags import LABEL_TOPIC, Bag, BagError
from hopfield_pebal_ros.replay.cameras import BagCamera
from hopfield_pebal_ros.replay.ground_truth import (
    GroundTruth,
    Labels,
    no_truth,
    truth_on_topic,
)
from hopfield_pebal_ros.replay.playback import camera_topic


def parse_label_topics(words: Sequence[str]) -> dict[str, str]:
    """Return {camera: absolute topic} of words such as 'front:=/labels'; '' without a name."""
    parsed = {}
    for word in words:
        camera, separator, topic = word.partition(':=')
        camera, topic = (camera, topic) if separator else ('', word)
        parsed[camera] = topic if topic.startswith('/') else f'/{topic}'
    return parsed


def find_truths(
    bag: Bag,
    cameras: Sequence[BagCamera],
    *,
    folder: Path | None = None,
    topics: Mapping[str, str],
) -> dict[str, GroundTruth]:
    """Return the ground truth of each camera by its name, empty where it has none.

    Args:
        bag: open.
        cameras: of the run.
        folder: with the label images of the only camera, or with a folder for each camera.
        topics: from `parse_label_topics`; cameras that it lacks have their default topic.

    Raises:
        BagError: both are given, what was asked for is not there, or stamps are not unique.
    """
    names = [each.name for each in cameras]
    if folder is not None and topics:
        raise BagError('labels are in a folder or on topics: drop --labels or --label-topics')
    if folder is not None:
        return _in_folders(folder, names)
    if len(cameras) == 1 and '' in topics:
        topics = {names[0]: topics['']}
    if unknown := [each for each in topics if each not in names]:
        raise BagError(
            f'--label-topics names camera {unknown[0]!r}, the cameras are {", ".join(names)}; '
            'it takes CAMERA:=TOPIC, or TOPIC where there is one camera'
        )
    return {
        each: truth_on_topic(bag, topics[each])
        if each in topics
        else _on_default_topic(bag, each if len(cameras) > 1 else '')
        for each in names
    }


def _on_default_topic(bag: Bag, camera: str) -> GroundTruth:
    topic = camera_topic(camera, LABEL_TOPIC)
    return truth_on_topic(bag, topic) if bag.has_messages_on(topic) else no_truth()


def _in_folders(folder: Path, names: Sequence[str]) -> dict[str, GroundTruth]:
    if len(names) == 1:
        return {names[0]: truth_in_folder(folder)}
    present = [name for name in names if (folder / name).is_dir()]
    if not present:
        raise BagError(
            f'{folder} has no folder of a camera: with several cameras, labels are in folders '
            f'{", ".join(names)} in it'
        )
    return {
        name: truth_in_folder(folder / name) if name in present else no_truth() for name in names
    }


def truth_in_folder(folder: Path) -> GroundTruth:
    """Return the label images of a folder.

    Raises:
        BagError: no such folder, no PNG in it, or one whose name is no stamp.
    """
    paths = sorted(folder.glob('*.png')) if folder.is_dir() else []
    if not paths:
        raise BagError(f'no label images in {folder}: expected one PNG for each labelled frame')
    by_stamp = dict(sorted((stamp_of(path), path) for path in paths))

    def read(stamp_ns: int) -> Labels:
        try:
            return read_labels(by_stamp[stamp_ns])
        except PictureError as error:
            raise BagError(str(error)) from None

    return GroundTruth(str(folder), by_stamp, read)


def stamp_of(path: Path) -> int:
    """Return the header stamp that a file is named by, in nanoseconds.

    Raises:
        BagError: the name is no stamp.
    """
    parts = re.fullmatch(r'(\d+)(?:[._](\d{9}))?', path.stem)
    if parts is None:
        raise BagError(
            f'{path} is not named by a stamp: expected NANOSECONDS.png or '
            'SECONDS.NANOSECONDS.png with nine digits behind the dot, of the header of its camera '
            'image'
        )
    seconds, nanoseconds = parts.groups()
    return int(seconds) if nanoseconds is None else int(seconds) * 10**9 + int(nanoseconds)
