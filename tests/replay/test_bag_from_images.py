"""A folder of pictures becomes a bag; every bad folder is refused with its reason."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from hopfield_pebal_ros.contract.labels import OUTLIER_ID
from hopfield_pebal_ros.inference import output_folder
from hopfield_pebal_ros.replay.bag_from_images import main
from hopfield_pebal_ros.replay.bags import CAMERA_TOPIC, LABEL_TOPIC, open_bag


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """Pictures 0.png, 1.png, 2.png of 4x6 px with blue 10, 11, 12, and labels."""
    images, labels = tmp_path / 'images', tmp_path / 'labels'
    images.mkdir()
    labels.mkdir()
    for index in range(3):
        image_bgr = np.zeros((4, 6, 3), np.uint8)
        image_bgr[..., 0] = 10 + index
        cv2.imwrite(str(images / f'{index}.png'), image_bgr)
        cv2.imwrite(str(labels / f'{index}.png'), np.full((4, 6), OUTLIER_ID, np.uint8))
    return images, labels


def test_pictures_and_labels_share_stamps_at_the_rate(
    folders: tuple[Path, Path], tmp_path: Path
) -> None:
    images, labels = folders
    out = tmp_path / 'bag'
    assert main([str(images), '--out', str(out), '--rate', '4', '--labels', str(labels)]) == 0
    with open_bag(out) as bag:
        frames = list(bag.messages([CAMERA_TOPIC]))
        label_stamps = list(bag.recorded_by_stamp(LABEL_TOPIC))
        truth = next(bag.messages([LABEL_TOPIC])).message
    assert [frame.stamp_ns for frame in frames] == label_stamps
    assert np.diff(label_stamps).tolist() == [250_000_000, 250_000_000]  # 1/4 s
    assert [int(frame.message.data[0]) for frame in frames] == [10, 11, 12]
    assert frames[0].message.header.frame_id == 'camera'
    assert (truth.encoding, set(truth.data.tolist())) == ('mono8', {OUTLIER_ID})


def refusal(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> str:
    assert main([str(each) for each in arguments]) == 1
    return capsys.readouterr().err


def test_a_label_of_another_size_is_refused(
    folders: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    images, labels = folders
    cv2.imwrite(str(labels / '1.png'), np.zeros((4, 5), np.uint8))
    message = refusal(capsys, images, '--out', tmp_path / 'bag', '--labels', labels)
    assert '1.png is 5x4 px, its picture is 6x4 px' in message
    assert not (tmp_path / 'bag').exists()


def test_a_colour_label_is_refused(
    folders: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    images, labels = folders
    cv2.imwrite(str(labels / '0.png'), np.zeros((4, 6, 3), np.uint8))
    message = refusal(capsys, images, '--out', tmp_path / 'bag', '--labels', labels)
    assert 'must be one channel of 8 bits' in message


def test_a_missing_label_is_named(
    folders: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    images, labels = folders
    (labels / '2.png').unlink()
    message = refusal(capsys, images, '--out', tmp_path / 'bag', '--labels', labels)
    assert '1 of 3 pictures have no label file' in message
    assert '2.png' in message


def test_an_unreadable_picture_is_named(
    folders: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    images, _ = folders
    (images / '1.png').write_bytes(b'not a picture')
    message = refusal(capsys, images, '--out', tmp_path / 'bag')
    assert '1.png is not a readable picture' in message
    assert not (tmp_path / 'bag').exists()


def test_an_empty_folder_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / 'empty').mkdir()
    message = refusal(capsys, tmp_path / 'empty', '--out', tmp_path / 'bag')
    assert 'no pictures in' in message
    assert '.webp' in message


def test_a_folder_that_is_not_there_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert 'is not a folder' in refusal(capsys, tmp_path / 'absent', '--out', tmp_path / 'bag')


def test_an_existing_bag_is_left_alone(
    folders: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / 'bag'
    assert main([str(folders[0]), '--out', str(out)]) == 0
    assert 'exists already' in refusal(capsys, folders[0], '--out', out)


def test_a_rate_that_is_not_positive_is_refused(
    folders: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    message = refusal(capsys, folders[0], '--out', tmp_path / 'bag', '--rate', '0')
    assert '--rate must be positive, got 0 Hz' in message


def test_an_output_that_cannot_be_written_is_refused(
    folders: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / 'file').write_text('in the way')
    message = refusal(capsys, folders[0], '--out', tmp_path / 'file' / 'bag')
    assert 'cannot write to output folder' in message


def test_a_full_disk_is_found_before_work_starts(
    folders: tuple[Path, Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class FullDisk:
        free = 5_000_000

    monkeypatch.setattr(output_folder.shutil, 'disk_usage', lambda _: FullDisk)
    message = refusal(capsys, folders[0], '--out', tmp_path / 'bag')
    assert 'need about 64 MB' in message
    assert '5 MB free' in message
    assert not (tmp_path / 'bag').exists()
