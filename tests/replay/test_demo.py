"""The demo from end to end: rendered drives, the real node over DDS, report and pictures."""

import json
from pathlib import Path

import cv2
import pytest

pytest.importorskip('rclpy')

from hopfield_pebal_ros.replay.demo import SEEDS, main


def test_the_demo_ends_with_a_report(
    tmp_path: Path, tiny_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / 'demo_output'
    small = ['--width', '128', '--frames-per-drive', '3', '--every', '2', '--rate', '20']
    arguments = ['--out', str(out), '--model', str(tiny_model), *small]
    assert main(arguments) == 0
    said = capsys.readouterr().out
    assert '1/3 rendering 3 drives of 3 frames' in said
    assert str(out / 'report.html') in said
    summary = json.loads((out / 'summary.json').read_text('utf-8'))
    num_frames = len(SEEDS) * 3
    assert (summary['mode'], summary['frames_in']) == ('realtime', num_frames)
    counted = [summary[f'frames_{key}'] for key in ('out', 'dropped', 'rejected')]
    assert sum(counted) == num_frames
    assert 0 <= summary['figures']['miou'] <= 1
    assert 'Anomaly detection on rendered streets' in (out / 'report.html').read_text('utf-8')
    sheets = sorted((out / 'frames').glob('*.png'))
    assert len(sheets) == -(-summary['frames_out'] // 2)
    sheet = cv2.imread(str(sheets[0]))
    assert sheet is not None
    assert sheet.shape[:2] == (2 * (26 + 64 + 8) + 8, 2 * (128 + 8) + 8)  # two by two panels
    assert main(arguments) == 0
    assert '1/3 the drives are in' in capsys.readouterr().out


def test_a_missing_model_is_reported_with_the_remedy(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = tmp_path / 'absent.onnx'
    assert main(['--out', str(tmp_path / 'out'), '--model', str(model)]) == 1
    assert 'no model file' in (message := capsys.readouterr().err)
    assert '--model' in message


def test_a_rate_that_is_not_positive_is_refused(
    tmp_path: Path, tiny_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(['--out', str(tmp_path), '--model', str(tiny_model), '--rate', '0']) == 1
    assert '--rate must be positive' in capsys.readouterr().err
