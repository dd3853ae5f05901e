"""A bag through the real detector, offline: results, figures and report worked out by hand."""

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from rosbags.rosbag2 import Writer
from rosbags.typesys import Stores, get_typestore

from hopfield_pebal_ros.contract.labels import IGNORE_ID, OUTLIER_ID
from hopfield_pebal_ros.inference import output_folder
from hopfield_pebal_ros.inference.detector import DEFAULT_MODEL
from hopfield_pebal_ros.replay.bag_writer import BagWriter, image_message
from hopfield_pebal_ros.replay.bags import (
    CAMERA_TOPIC,
    COMPRESSED_IMAGE_TYPE,
    LABEL_TOPIC,
    open_bag,
)
from hopfield_pebal_ros.replay.evaluate_bag import main
from hopfield_pebal_ros.replay.results import read_result
from tests.replay.example_bags import FIRST_STAMP_NS, FORMATS, stamps, write_camera_bag

HEIGHT, WIDTH = 64, 128
RED_OF_ENERGY_10 = 255  # the tiny model: energy = red / 25.5
RED_OF_ENERGY_2 = 51


def plain_image(red: int = 0, green: int = 0) -> np.ndarray:
    image_bgr = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    image_bgr[..., 2] = red
    image_bgr[..., 1] = green
    return image_bgr


def truth_of(label: int) -> np.ndarray:
    return np.full((HEIGHT, WIDTH), label, np.uint8)


def example_frame() -> tuple[np.ndarray, np.ndarray]:
    """One frame of 8192 px whose figures are worked out below."""
    image_bgr = plain_image()
    truth = np.zeros((HEIGHT, WIDTH), np.uint8)
    truth[:, 64:] = 1  # the model says class 0 everywhere
    truth[0:10, 0:20] = OUTLIER_ID
    truth[60:64] = IGNORE_ID
    image_bgr[0:5, 0:20, 2] = RED_OF_ENERGY_10  # 100 outliers of energy 10
    image_bgr[5:10, 0:20, 2] = RED_OF_ENERGY_2  # 100 outliers of energy 2
    image_bgr[20:25, 0:20, 2] = RED_OF_ENERGY_10  # 100 inliers of energy 10
    image_bgr[60:64, :, 2] = RED_OF_ENERGY_10  # not labelled: takes no part
    return image_bgr, truth


def run(bag: Path, model: Path, out: Path, *more: str) -> int:
    return main(['--bag', str(bag), '--model', str(model), '--out', str(out), *more])


def lines_of(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (out / 'result.jsonl').read_text('utf-8').splitlines()]


def summary_of(out: Path) -> dict[str, Any]:
    summary: dict[str, Any] = json.loads((out / 'summary.json').read_text('utf-8'))
    return summary


@pytest.mark.parametrize('file_format', FORMATS)
def test_results_are_the_known_answers_at_the_original_stamps(
    tmp_path: Path, tiny_model: Path, file_format: str
) -> None:
    images = [plain_image(red=51 * index, green=16 * index) for index in range(3)]
    bag = write_camera_bag(tmp_path / 'bag', images, file_format=file_format)
    assert run(bag, tiny_model, tmp_path / 'out') == 0
    with open_bag(tmp_path / 'out' / 'result_bag') as result_bag:
        assert [topic.name for topic in result_bag.image_topics] == [
            '/anomaly_mask',
            '/energy',
            '/segmentation',
        ]
        recorded = result_bag.recorded_by_stamp('/energy')
        results = [read_result(result_bag, stamp_ns) for stamp_ns in stamps(3)]
    assert list(recorded) == list(recorded.values()) == stamps(3)
    for index, result in enumerate(results):
        assert result.frame_id == 'front'
        np.testing.assert_array_equal(result.label_map, np.full((HEIGHT, WIDTH), index))
        np.testing.assert_allclose(result.energy_map, 2.0 * index, atol=1e-5)
        assert not result.anomaly_mask.any()  # the threshold is 6, the energies 0, 2 and 4


def test_the_figures_are_those_worked_out_by_hand(tmp_path: Path, tiny_model: Path) -> None:
    image_bgr, truth = example_frame()
    bag = write_camera_bag(tmp_path / 'bag', [image_bgr], [truth])
    assert run(bag, tiny_model, tmp_path / 'out') == 0
    summary = summary_of(tmp_path / 'out')
    figures = summary['figures']
    # energies >= 10: 100 outliers, 100 inliers; >= 2: 200 outliers, 100 inliers
    assert figures['ap'] == pytest.approx(0.5 * 100 / 200 + 0.5 * 200 / 300)
    num_inlier = 60 * WIDTH - 200
    assert figures['fpr95'] == pytest.approx(100 / num_inlier)
    # outliers beat the 7380 inliers of energy 0; half of them tie with the 100 of energy 10
    wins = 200 * (num_inlier - 100) + 0.5 * 100 * 100
    assert figures['auroc'] == pytest.approx(wins / (200 * num_inlier))
    assert figures['recall_at_threshold'] == pytest.approx(0.5)
    assert figures['precision_at_threshold'] == pytest.approx(0.5)
    assert figures['fpr_at_threshold'] == pytest.approx(100 / num_inlier)
    # class 0: 60 * 64 - 200 px are right, 60 * 64 px of class 1 are called 0
    assert figures['miou'] == pytest.approx((3640 / (3640 + 3840) + 0) / 2)
    assert summary['frames_labelled'] == 1
    assert lines_of(tmp_path / 'out')[0]['figures']['ap'] == pytest.approx(figures['ap'])


def test_a_frame_line_tells_energies_share_and_regions(tmp_path: Path, tiny_model: Path) -> None:
    image_bgr = plain_image(red=RED_OF_ENERGY_2)
    image_bgr[10:30, 40:60, 2] = RED_OF_ENERGY_10
    bag = write_camera_bag(tmp_path / 'bag', [image_bgr])
    assert run(bag, tiny_model, tmp_path / 'out') == 0
    (line,) = lines_of(tmp_path / 'out')
    assert (line['frame'], line['stamp_ns'], line['status']) == (0, FIRST_STAMP_NS, 'ok')
    assert line['anomaly_share'] == pytest.approx(400 / 8192)
    assert (line['energy']['p50'], line['energy']['max']) == pytest.approx((2, 10))
    (region,) = line['regions']
    box = [region[key] for key in ('left', 'top', 'width', 'height', 'area_px')]
    assert box == [40, 10, 20, 20, 400]
    assert region['mean_energy'] == pytest.approx(10)
    assert line['figures'] == {}
    parts = dict(line['latency_ms'])
    assert 0 < sum(parts.values()) - parts['total'] <= parts['total']


def test_the_summary_has_the_promised_keys(tmp_path: Path, tiny_model: Path) -> None:
    bag = write_camera_bag(tmp_path / 'bag', [plain_image(), plain_image()])
    assert run(bag, tiny_model, tmp_path / 'out', '--backend', 'onnxruntime') == 0
    summary = summary_of(tmp_path / 'out')
    expected = {
        'mode': 'offline',
        'frames_in': 2,
        'frames_out': 2,
        'frames_dropped': 0,
        'frames_rejected': 0,
        'engine': 'onnxruntime',
        'precision': 'fp32',
    }
    assert {key: summary[key] for key in expected} == expected
    assert set(summary['latency_ms']) == set(summary['inference_ms']) == {'p50', 'p95', 'p99'}
    assert len(summary['model_sha256']) == 64
    assert summary['versions']['numpy'] == np.__version__
    assert 'figures' not in summary


def result_bytes(out: Path) -> list[tuple[str, int, bytes]]:
    with open_bag(out / 'result_bag') as bag:
        messages = bag.serialised_messages([topic.name for topic in bag.image_topics])
        return [(each.topic, each.recorded_ns, each.cdr) for each in messages]


def test_two_runs_say_the_same_but_for_times(tmp_path: Path, tiny_model: Path) -> None:
    rng = np.random.default_rng(0)
    images = [rng.integers(0, 256, (48, 96, 3), dtype=np.uint8) for _ in range(3)]
    truths = [rng.choice(np.array([0, 3, OUTLIER_ID], np.uint8), (48, 96)) for _ in range(3)]
    bag = write_camera_bag(tmp_path / 'bag', images, truths)
    lines = []
    for name in ('first', 'second'):
        assert run(bag, tiny_model, tmp_path / name) == 0
        lines.append([{**each, 'latency_ms': None} for each in lines_of(tmp_path / name)])
    assert lines[0] == lines[1]
    figures = [summary_of(tmp_path / name)['figures'] for name in ('first', 'second')]
    assert figures[0] == figures[1]
    assert len(result_bytes(tmp_path / 'first')) == 9
    assert result_bytes(tmp_path / 'first') == result_bytes(tmp_path / 'second')


@pytest.mark.skipif(not DEFAULT_MODEL.is_file(), reason='the default model is not here')
def test_the_default_model_gives_the_same_bits_twice(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    images = [rng.integers(0, 256, (48, 96, 3), dtype=np.uint8) for _ in range(2)]
    bag = write_camera_bag(tmp_path / 'bag', images)
    for name in ('first', 'second'):
        assert run(bag, DEFAULT_MODEL, tmp_path / name) == 0
    assert result_bytes(tmp_path / 'first') == result_bytes(tmp_path / 'second')


def test_a_second_run_replaces_the_first(tmp_path: Path, tiny_model: Path) -> None:
    two = write_camera_bag(tmp_path / 'two', [plain_image()] * 2)
    one = write_camera_bag(tmp_path / 'one', [plain_image()])
    assert run(two, tiny_model, tmp_path / 'out') == 0
    assert run(one, tiny_model, tmp_path / 'out') == 0
    assert summary_of(tmp_path / 'out')['frames_out'] == 1


def test_frames_without_labels_take_no_part_in_the_figures(
    tmp_path: Path, tiny_model: Path
) -> None:
    image_bgr, truth = example_frame()
    bag = write_camera_bag(tmp_path / 'bag', [image_bgr, plain_image(red=255)], [truth])
    assert run(bag, tiny_model, tmp_path / 'out') == 0
    summary = summary_of(tmp_path / 'out')
    assert (summary['frames_in'], summary['frames_labelled']) == (2, 1)
    assert summary['figures']['ap'] == pytest.approx(0.5 * 100 / 200 + 0.5 * 200 / 300)


def test_labels_without_outliers_give_no_anomaly_figures(tmp_path: Path, tiny_model: Path) -> None:
    truth = np.zeros((HEIGHT, WIDTH), np.uint8)
    bag = write_camera_bag(tmp_path / 'bag', [plain_image()], [truth])
    assert run(bag, tiny_model, tmp_path / 'out') == 0
    assert summary_of(tmp_path / 'out')['figures'] == {'miou': 1.0, 'fpr_at_threshold': 0.0}


def test_compressed_images_are_read(tmp_path: Path, tiny_model: Path) -> None:
    types = get_typestore(Stores.ROS2_JAZZY)
    header = image_message(plain_image(), 'bgr8', stamp_ns=FIRST_STAMP_NS, frame_id='front').header
    _, png = cv2.imencode('.png', plain_image(red=RED_OF_ENERGY_2))
    message = types.types[COMPRESSED_IMAGE_TYPE](header=header, format='png', data=png.ravel())
    with Writer(tmp_path / 'bag', version=9) as writer:
        connection = writer.add_connection(
            '/front/compressed', COMPRESSED_IMAGE_TYPE, typestore=types
        )
        raw = types.serialize_cdr(message, COMPRESSED_IMAGE_TYPE)
        writer.write(connection, FIRST_STAMP_NS, raw)
    assert run(tmp_path / 'bag', tiny_model, tmp_path / 'out') == 0
    assert lines_of(tmp_path / 'out')[0]['energy']['p50'] == pytest.approx(2)


def bag_with_encodings(path: Path, encodings: Sequence[str]) -> Path:
    with BagWriter(path, {CAMERA_TOPIC: 'reliable'}) as writer:
        for stamp_ns, encoding in zip(stamps(len(encodings)), encodings, strict=True):
            message = image_message(plain_image(), 'bgr8', stamp_ns=stamp_ns, frame_id='front')
            message = dataclasses.replace(message, encoding=encoding)
            writer.write(CAMERA_TOPIC, stamp_ns, message)
    return path


def test_an_undecodable_frame_is_counted_with_its_reason(tmp_path: Path, tiny_model: Path) -> None:
    bag = bag_with_encodings(tmp_path / 'bag', ['hsv9', 'bgr8', 'hsv9'])
    assert run(bag, tiny_model, tmp_path / 'out') == 0
    summary = summary_of(tmp_path / 'out')
    counts = [summary[f'frames_{key}'] for key in ('in', 'out', 'dropped', 'rejected')]
    assert counts == [3, 1, 0, 2]
    first = lines_of(tmp_path / 'out')[0]
    assert first['status'] == 'rejected'
    assert "unknown encoding 'hsv9'" in first['reason']


def refusal(capsys: pytest.CaptureFixture[str], *arguments: Any) -> str:
    capsys.readouterr()
    assert run(*arguments) == 1
    return capsys.readouterr().err


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
    ('word', 'code', 'said'),
    [
        ('figures.recall_at_threshold:min=0.5', 0, 'holds  figures.recall_at_threshold  >= 0.5'),
        ('figures.recall_at_threshold:min=0.6', 3, 'FAILS  figures.recall_at_threshold  >= 0.6'),
    ],
)
def test_a_requirement_decides_the_exit_code(
    tmp_path: Path, tiny_model: Path, capsys: pytest.CaptureFixture[str],
    word: str, code: int, said: str,
) -> None:  # fmt: skip
    image_bgr, truth = example_frame()
    bag = write_camera_bag(tmp_path / 'bag', [image_bgr], [truth])
    words = [word, 'latency_ms.p95:max=600000']
    assert run(bag, tiny_model, tmp_path / 'out', '--require', *words) == code
    assert said in capsys.readouterr().out
    held = [each['holds'] for each in summary_of(tmp_path / 'out')['requirements']]
    assert held == [code == 0, True]
    assert '<h2>Requirements</h2>' in (tmp_path / 'out' / 'report.html').read_text('utf-8')


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


def test_labels_come_from_a_folder(tmp_path: Path, tiny_model: Path) -> None:
    image_bgr, truth = example_frame()
    bag = write_camera_bag(tmp_path / 'bag', [image_bgr, plain_image()])
    labels = tmp_path / 'labels'
    labels.mkdir()
    for stamp_ns in (FIRST_STAMP_NS, 5):
        cv2.imwrite(str(labels / f'{stamp_ns}.png'), truth)
    assert run(bag, tiny_model, tmp_path / 'out', '--labels', str(labels)) == 0
    summary = summary_of(tmp_path / 'out')
    assert (summary['frames_in'], summary['frames_labelled']) == (2, 1)
    assert summary['figures']['ap'] == pytest.approx(0.5 * 100 / 200 + 0.5 * 200 / 300)
    page = (tmp_path / 'out' / 'report.html').read_text('utf-8')
    assert f'Label images of {labels} with the stamp of no frame, left out: 1.' in page


def test_a_segment_left_open_is_told(tmp_path: Path, tiny_model: Path) -> None:
    folder = tmp_path / 'drive'
    folder.mkdir()
    write_camera_bag(folder / 'drive_0', [plain_image()] * 2)
    (folder / 'drive_1.mcap').write_bytes(b'never closed')
    assert run(folder, tiny_model, tmp_path / 'out') == 0
    assert summary_of(tmp_path / 'out')['frames_out'] == 2
    page = (tmp_path / 'out' / 'report.html').read_text('utf-8')
    assert 'drive_1.mcap was never closed' in page


def test_the_report_is_one_file_with_names_escaped(tmp_path: Path, tiny_model: Path) -> None:
    image_bgr, truth = example_frame()
    frames = [image_bgr, plain_image()], [truth, np.zeros_like(truth)]
    bag = write_camera_bag(tmp_path / '<b>bag', *frames, topic='/cam<script>x')
    assert run(bag, tiny_model, tmp_path / 'out') == 0
    page = (tmp_path / 'out' / 'report.html').read_text('utf-8')
    assert '&lt;b&gt;bag' in page
    assert '/cam&lt;script&gt;x' in page
    assert '<script' not in page
    assert 'http' not in page.replace('http://www.w3.org', '')
    assert page.count('data:image/jpeg;base64,') == 4 * 2 + 4  # two frames, one of them easiest
    assert 'Quality against the ground truth' in page
