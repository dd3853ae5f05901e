"""A bag through the real detector, offline: results, summary and report."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from rosbags.rosbag2 import Writer
from rosbags.typesys import Stores, get_typestore

from hopfield_pebal_ros.contract.labels import OUTLIER_ID
from hopfield_pebal_ros.inference.detector import DEFAULT_MODEL
from hopfield_pebal_ros.replay.bag_writer import image_message
from hopfield_pebal_ros.replay.bags import COMPRESSED_IMAGE_TYPE, open_bag
from hopfield_pebal_ros.replay.results import read_result
from tests.replay.evaluation_runs import (
    HEIGHT,
    RED_OF_ENERGY_2,
    RED_OF_ENERGY_10,
    WIDTH,
    bag_with_encodings,
    example_frame,
    lines_of,
    plain_image,
    run,
    summary_of,
)
from tests.replay.example_bags import FIRST_STAMP_NS, FORMATS, stamps, write_camera_bag


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


def test_an_undecodable_frame_is_counted_with_its_reason(tmp_path: Path, tiny_model: Path) -> None:
    bag = bag_with_encodings(tmp_path / 'bag', ['hsv9', 'bgr8', 'hsv9'])
    assert run(bag, tiny_model, tmp_path / 'out') == 0
    summary = summary_of(tmp_path / 'out')
    counts = [summary[f'frames_{key}'] for key in ('in', 'out', 'dropped', 'rejected')]
    assert counts == [3, 1, 0, 2]
    first = lines_of(tmp_path / 'out')[0]
    assert first['status'] == 'rejected'
    assert "unknown encoding 'hsv9'" in first['reason']


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
