"""Several cameras of a bag in one run: each for itself, all together, and nothing let out."""

import json
from pathlib import Path

import numpy as np
import pytest

from hopfield_pebal_ros.contract.labels import OUTLIER_ID
from hopfield_pebal_ros.replay.bags import open_bag
from hopfield_pebal_ros.replay.evaluate_bag import main
from hopfield_pebal_ros.replay.results import read_result
from tests.replay.example_bags import Pixels, stamps, write_topics

HEIGHT, WIDTH = 64, 128


def image_of(red: int) -> Pixels:
    """Return an image to which the tiny model gives energy red / 25.5."""
    image_bgr = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    image_bgr[..., 2] = red
    return image_bgr


def truth_of(*, outlier_rows: int) -> Pixels:
    truth = np.zeros((HEIGHT, WIDTH), np.uint8)
    truth[:outlier_rows] = OUTLIER_ID
    return truth


def two_cameras(path: Path, *, frame_id: str = '') -> Path:
    """Left: 2 frames, energy 10 on the 16 outlier rows. Right: 1 frame, all of energy 10."""
    left = image_of(0)
    left[:16, :, 2] = 255
    return write_topics(
        path,
        {
            '/rig/left/image': [left, left],
            '/rig/right/image': [image_of(255)],
            '/left/ground_truth/labels': [truth_of(outlier_rows=16)] * 2,
            '/right/ground_truth/labels': [truth_of(outlier_rows=32)],
        },
        frame_id=frame_id,
    )


def evaluated(bag: Path, model: Path, out: Path, *more: str) -> dict[str, object]:
    assert main(['--bag', str(bag), '--model', str(model), '--out', str(out), *more]) == 0
    summary: dict[str, object] = json.loads((out / 'summary.json').read_text('utf-8'))
    return summary


@pytest.mark.parametrize('words', [['left', 'right'], ['all']])
def test_each_camera_and_all_together(tmp_path: Path, tiny_model: Path, words: list[str]) -> None:
    bag = two_cameras(tmp_path / 'bag')
    summary = evaluated(bag, tiny_model, tmp_path / 'out', '--cameras', *words)
    assert (summary['frames_in'], summary['frames_out'], summary['frames_labelled']) == (3, 3, 3)
    assert summary['topic'] == '/rig/left/image, /rig/right/image'
    cameras = summary['cameras']
    assert isinstance(cameras, dict)
    assert [cameras[each]['frames_in'] for each in ('left', 'right')] == [2, 1]
    assert set(cameras['left']['latency_ms']) == {'p50', 'p95', 'p99'}
    assert cameras['left']['figures']['ap'] == pytest.approx(1)
    assert cameras['right']['figures']['ap'] == pytest.approx(0.5)
    # at energy 10: 2 * 16 + 32 rows of outliers, 32 rows of inliers
    assert summary['figures']['ap'] == pytest.approx(64 / 96)  # type: ignore[index]
    lines = (tmp_path / 'out' / 'result.jsonl').read_text('utf-8').splitlines()
    found = [(each['camera'], each['frame'], each['stamp_ns']) for each in map(json.loads, lines)]
    assert found == [
        ('left', 0, stamps(2)[0]),
        ('right', 0, stamps(2)[0]),
        ('left', 1, stamps(2)[1]),
    ]
    with open_bag(tmp_path / 'out' / 'result_bag') as result_bag:
        left = read_result(result_bag, stamps(2)[0], camera='left')
        right = read_result(result_bag, stamps(2)[0], camera='right')
    assert (left.energy_map.min(), right.energy_map.min()) == pytest.approx((0, 10))


def test_the_report_tells_cameras_apart(tmp_path: Path, tiny_model: Path) -> None:
    evaluated(two_cameras(tmp_path / 'bag'), tiny_model, tmp_path / 'out', '--cameras', 'all')
    page = (tmp_path / 'out' / 'report.html').read_text('utf-8')
    for words in ('<h2>Cameras</h2>', 'Frame left 1', 'Frame right 0', 'right: Latency of each'):
        assert words in page


def test_a_requirement_may_be_of_one_camera(tmp_path: Path, tiny_model: Path) -> None:
    arguments = ['--bag', str(two_cameras(tmp_path / 'bag')), '--model', str(tiny_model)]
    arguments += ['--out', str(tmp_path / 'out'), '--cameras', 'all', '--require']
    assert main([*arguments, 'cameras.left.figures.ap:min=0.9']) == 0
    assert main([*arguments, 'cameras.right.figures.ap:min=0.9']) == 3


def test_a_camera_without_a_readable_frame_stops_no_other(
    tmp_path: Path, tiny_model: Path
) -> None:
    bag = write_topics(
        tmp_path / 'bag', {'/left/image': [image_of(0)], '/right/image': [image_of(0)[:0]]}
    )
    summary = evaluated(bag, tiny_model, tmp_path / 'out', '--cameras', 'left', 'right')
    cameras = summary['cameras']
    assert isinstance(cameras, dict)
    assert (cameras['right']['frames_rejected'], cameras['right']['latency_ms']) == (1, {})
    assert (summary['frames_out'], summary['frames_rejected']) == (1, 1)


def test_names_from_a_bag_stay_names(tmp_path: Path, tiny_model: Path) -> None:
    tricks = ['/../../../escaped', '/<script>alert(1)</script>', '/$(touch escaped)/"x"']
    bag = write_topics(
        tmp_path / 'in' / 'bag',
        {topic: [image_of(255)] for topic in tricks},
        frame_id='<img src=x onerror=alert(1)>/../../escaped',
    )
    before = {each for each in tmp_path.rglob('*') if each.name != 'out'}
    evaluated(bag, tiny_model, tmp_path / 'runs' / 'out', '--cameras', 'all')
    made = {each.relative_to(tmp_path) for each in tmp_path.rglob('*')} - {
        each.relative_to(tmp_path) for each in before
    }
    assert {each.parts[0] for each in made} == {'runs'}
    assert {each.name for each in made} == {
        'runs', 'out', 'result_bag', 'metadata.yaml', 'result_bag.mcap', 'result.jsonl',
        'summary.json', 'report.html',
    }  # fmt: skip
    page = (tmp_path / 'runs' / 'out' / 'report.html').read_text('utf-8')
    assert '&lt;script&gt;alert(1)' in page
    assert '<script' not in page
    assert '<img src=x' not in page
    with open_bag(tmp_path / 'runs' / 'out' / 'result_bag') as result_bag:
        topics = {each.name for each in result_bag.image_topics}
    assert {
        '/escaped/energy',
        '/script_alert_1_script/energy',
        '/touch_escaped_x/energy',
    } <= topics
