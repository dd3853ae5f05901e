"""The real node in its own process, over real DDS: the same answers as offline, or a reason."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip('rclpy')

from hopfield_pebal_ros.replay.bags import open_bag
from hopfield_pebal_ros.replay.evaluate_bag import main
from hopfield_pebal_ros.replay.results import read_result
from tests.replay.example_bags import stamps, write_camera_bag


def frames_of(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (out / 'result.jsonl').read_text('utf-8').splitlines()]


def test_the_node_gives_the_answers_of_the_offline_run(tmp_path: Path, tiny_model: Path) -> None:
    rng = np.random.default_rng(0)
    images = [rng.integers(0, 256, (48, 96, 3), dtype=np.uint8) for _ in range(6)]
    bag = write_camera_bag(tmp_path / 'bag', images, [image[..., 0] // 32 for image in images])
    for mode in ('offline', 'realtime'):
        arguments = ['--bag', str(bag), '--model', str(tiny_model), '--mode', mode]
        assert main([*arguments, '--out', str(tmp_path / mode)]) == 0
    summary = json.loads((tmp_path / 'realtime' / 'summary.json').read_text('utf-8'))
    assert summary['mode'] == 'realtime'
    assert summary['frames_in'] == 6
    assert summary['frames_out'] + summary['frames_dropped'] == 6
    assert summary['frames_out'] >= 1  # a busy machine may drop some
    assert (summary['engine'], summary['precision']) == ('openvino', 'fp32')
    assert summary['latency_ms']['p50'] > summary['inference_ms']['p50'] > 0
    with (
        open_bag(tmp_path / 'offline' / 'result_bag') as offline,
        open_bag(tmp_path / 'realtime' / 'result_bag') as realtime,
    ):
        answered = [
            frame['stamp_ns']
            for frame in frames_of(tmp_path / 'realtime')
            if frame['status'] == 'ok'
        ]
        assert len(answered) == summary['frames_out']
        assert set(answered) <= set(stamps(6))
        for stamp_ns in answered:
            expected, found = read_result(offline, stamp_ns), read_result(realtime, stamp_ns)
            assert found.frame_id == expected.frame_id == 'front'
            np.testing.assert_array_equal(found.label_map, expected.label_map)
            np.testing.assert_array_equal(found.energy_map, expected.energy_map)
            np.testing.assert_array_equal(found.anomaly_mask, expected.anomaly_mask)


def test_the_reason_of_a_node_that_dies_is_reported(
    tmp_path: Path, tiny_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bag = write_camera_bag(tmp_path / 'bag', [np.zeros((48, 96, 3), np.uint8)])
    arguments = ['--bag', str(bag), '--model', str(tiny_model), '--out', str(tmp_path / 'out')]
    assert main([*arguments, '--mode', 'realtime', '--precision', 'int8']) == 1
    message = capsys.readouterr().err
    assert 'the detector node ended with exit code 1' in message
    assert 'asked for int8' in message
    assert not (tmp_path / 'out' / 'result_bag').exists()
