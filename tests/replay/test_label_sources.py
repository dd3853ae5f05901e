"""Ground truth from topics and folders, paired by stamp."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from hopfield_pebal_ros.replay.bags import BagError, open_bag
from hopfield_pebal_ros.replay.cameras import BagCamera, choose_cameras
from hopfield_pebal_ros.replay.ground_truth import GroundTruth
from hopfield_pebal_ros.replay.label_sources import (
    find_truths,
    parse_label_topics,
    stamp_of,
    truth_in_folder,
)
from tests.replay.example_bags import FIRST_STAMP_NS, write_camera_bag
from tests.replay.test_bags import pictures


@pytest.mark.parametrize(
    'name', ['1000000000500000000', '1000000000.500000000', '1000000000_500000000']
)
def test_a_file_is_named_by_its_stamp(name: str) -> None:
    assert stamp_of(Path(f'{name}.png')) == FIRST_STAMP_NS


@pytest.mark.parametrize('name', ['frame_1', '1000000000.5', '1.2.3', '-5'])
def test_a_name_that_is_no_stamp_is_refused(name: str) -> None:
    with pytest.raises(BagError, match=r'not named by a stamp: expected NANOSECONDS\.png'):
        stamp_of(Path(f'{name}.png'))


def write_labels(folder: Path, name: str, value: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(folder / f'{name}.png'), np.full((4, 6), value, np.uint8))


def test_labels_in_a_folder_are_found_by_stamp(tmp_path: Path) -> None:
    write_labels(tmp_path, '7', 3)
    write_labels(tmp_path, '1.000000000', 254)
    truth = truth_in_folder(tmp_path)
    for stamp_ns, value in ((7, 3), (10**9, 254)):
        np.testing.assert_array_equal(truth.at(stamp_ns), np.full((4, 6), value))  # type: ignore[arg-type]
    assert truth.at(8) is None
    assert truth.num_unpaired([7, 8]) == 1


def test_a_folder_without_labels_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BagError, match='no label images in'):
        truth_in_folder(tmp_path / 'absent')


def truths_of(
    tmp_path: Path, *, folder: Path | None = None, words: tuple[str, ...] = ()
) -> dict[str, GroundTruth]:
    """Return the ground truth of cameras a and b, which have the same image in the bag."""
    images = pictures(1)
    path = write_camera_bag(tmp_path / 'bag', images, [images[0][..., 0]], topic='/a/image')
    with open_bag(path) as bag:
        (camera,) = choose_cameras(bag, ['a'])
        cameras = (camera, BagCamera('b', camera.topic))
        return find_truths(bag, cameras, folder=folder, topics=parse_label_topics(words))


def test_several_cameras_have_folders_of_their_names(tmp_path: Path) -> None:
    write_labels(tmp_path / 'labels' / 'b', '7', 1)
    truths = truths_of(tmp_path, folder=tmp_path / 'labels')
    assert truths['a'].at(7) is None
    assert truths['b'].at(7) is not None


def test_topics_belong_to_named_cameras(tmp_path: Path) -> None:
    truths = truths_of(tmp_path, words=('b:=ground_truth/labels',))
    assert truths['b'].source == '/ground_truth/labels'
    assert truths['a'].num_unpaired([]) == 0


@pytest.mark.parametrize(
    ('folder', 'words', 'reason'),
    [
        ('labels', (), 'has no folder of a camera: with several cameras, labels are in folders a'),
        (None, ('c:=/truth',), "names camera 'c', the cameras are a, b"),
        (None, ('/truth',), "names camera '', the cameras are a, b"),
        (None, ('a:=/truth',), 'no messages on image topic /truth'),
        ('labels', ('a:=/truth',), 'drop --labels or --label-topics'),
    ],
)
def test_labels_that_are_not_there_are_refused(
    tmp_path: Path, folder: str | None, words: tuple[str, ...], reason: str
) -> None:
    with pytest.raises(BagError, match=reason):
        truths_of(tmp_path, folder=tmp_path / folder if folder else None, words=words)
