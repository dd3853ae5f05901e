"""Bags, labels and requests that evaluate_bag refuses, each with its reason."""

from pathlib import Path

import numpy as np
import pytest

from hopfield_pebal_ros.inference import output_folder
from hopfield_pebal_ros.replay.bag_writer import BagWriter, image_message
from hopfield_pebal_ros.replay.bags import CAMERA_TOPIC, LABEL_TOPIC
from tests.replay.evaluation_runs import (
    HEIGHT,
    WIDTH,
    bag_with_encodings,
    plain_image,
    refusal,
    truth_of,
)
from tests.replay.example_bags import FIRST_STAMP_NS, stamps, write_camera_bag


def test_a_bag_of_undecodable_frames_is_refused(
    tmp_path: Path, tiny_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bag = bag_with_encodings(tmp_path / 'bag', ['hsv9'])
    message = refusal(capsys, bag, tiny_model, tmp_path / 'out')
    assert "could be decoded; the last reason: unknown encoding 'hsv9'" in message


def test_labels_of_another_size_are_refused(
    tmp_path: Path, tiny_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bag = write_camera_bag(tmp_path / 'bag', [plain_image()], [np.zeros((64, 100), np.uint8)])
    message = refusal(capsys, bag, tiny_model, tmp_path / 'out')
    assert f'label image at {FIRST_STAMP_NS} ns is 100x64 px, its camera image 128x64' in message


def test_a_later_label_of_another_size_is_refused(
    tmp_path: Path, tiny_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    truths = [np.zeros((64, 128), np.uint8), np.zeros((64, 100), np.uint8)]
    bag = write_camera_bag(tmp_path / 'bag', [plain_image()] * 2, truths)
    message = refusal(capsys, bag, tiny_model, tmp_path / 'out')
    assert f'label image at {stamps(2)[1]} ns is 100x64 px' in message
    assert not (tmp_path / 'out' / 'report.html').exists()


def test_labels_of_other_stamps_are_refused(
    tmp_path: Path, tiny_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pictures = {CAMERA_TOPIC: (plain_image(), 'bgr8', 5), LABEL_TOPIC: (truth_of(0), 'mono8', 6)}
    with BagWriter(tmp_path / 'bag', dict.fromkeys(pictures, 'reliable')) as writer:
        for topic, (pixels, encoding, stamp_ns) in pictures.items():
            message = image_message(pixels, encoding, stamp_ns=stamp_ns, frame_id='')
            writer.write(topic, stamp_ns, message)
    message = refusal(capsys, tmp_path / 'bag', tiny_model, tmp_path / 'out')
    assert 'no image on /ground_truth/labels has the stamp of an image on /image' in message
    assert 'the first are 6 and 5 ns' in message


def test_ids_that_are_no_class_are_refused(
    tmp_path: Path, tiny_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    truth = np.full((HEIGHT, WIDTH), 33, np.uint8)
    bag = write_camera_bag(tmp_path / 'bag', [plain_image()], [truth])
    message = refusal(capsys, bag, tiny_model, tmp_path / 'out')
    assert 'has ids [33], the model has classes 0..18' in message


def test_a_missing_topic_lists_those_there_are(
    tmp_path: Path, tiny_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bag = write_camera_bag(tmp_path / 'bag', [plain_image()])
    message = refusal(capsys, bag, tiny_model, tmp_path / 'out', '--topic', 'rear')
    assert 'no messages on image topic /rear' in message
    assert '/image (1)' in message


def test_a_missing_bag_or_model_is_named(
    tmp_path: Path, tiny_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bag = write_camera_bag(tmp_path / 'bag', [plain_image()])
    assert 'no bag at' in refusal(capsys, tmp_path / 'absent', tiny_model, tmp_path / 'out')
    message = refusal(capsys, bag, tmp_path / 'absent.onnx', tmp_path / 'out')
    assert 'no model file' in message


def test_an_output_that_cannot_be_written_is_found_first(
    tmp_path: Path, tiny_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bag = write_camera_bag(tmp_path / 'bag', [plain_image()])
    (tmp_path / 'file').write_text('in the way')
    message = refusal(capsys, bag, tiny_model, tmp_path / 'file' / 'out')
    assert 'cannot write to output folder' in message


def test_too_little_space_is_found_first(
    tmp_path: Path,
    tiny_model: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class FullDisk:
        free = 5_000_000

    bag = write_camera_bag(tmp_path / 'bag', [plain_image()])
    monkeypatch.setattr(output_folder.shutil, 'disk_usage', lambda _: FullDisk)
    message = refusal(capsys, bag, tiny_model, tmp_path / 'out')
    assert '5 MB free' in message
    assert not (tmp_path / 'out' / 'result_bag').exists()


@pytest.mark.parametrize(
    ('arguments', 'reason'),
    [
        (['--require', 'figures.auc:min=1'], 'names figures.auc, which is no number'),
        (['--rate', '2'], '--rate and --use-sim-time are of --mode realtime'),
        (['--use-sim-time'], '--rate and --use-sim-time are of --mode realtime'),
        (['--rate', '0'], '--rate must be positive, got 0'),
        (['--topic', 'image', '--cameras', 'all'], 'drop one of them'),
    ],
)
def test_what_cannot_be_asked_for_is_refused_before_any_work(
    tmp_path: Path,
    tiny_model: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    reason: str,
) -> None:
    bag = write_camera_bag(tmp_path / 'bag', [plain_image()])
    assert reason in refusal(capsys, bag, tiny_model, tmp_path / 'out', *arguments)
    assert not (tmp_path / 'out').exists()
