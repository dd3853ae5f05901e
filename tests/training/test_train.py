import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

torch = pytest.importorskip('torch')

from hopfield_pebal_ros.contract.deployment import read_metadata
from training import calibrate, export, preview_data, train
from training.checkpoints import load_checkpoint, save_checkpoint

ROOT = Path(__file__).parents[2]

TINY = [
    *('--num-drives', '1', '--frames-per-drive', '2', '--held-back-drives', '4'),
    *('--calibration-drives', '3'),
    *('--network-hw', '128', '256'),
    *('--crop-hw', '128', '128', '--batch-size', '2', '--closed-set-steps', '2'),
    *('--anomaly-steps', '2', '--validate-every', '2', '--log-every', '1', '--num-threads', '1'),
    *('--num-workers', '0', '--network.widths', '8', '8', '8', '--network.blocks', '1', '1', '1'),
    *('--network.decoder-width', '8'),
]


def test_from_nothing_to_a_deployable_file(tmp_path, capsys):
    out, model = tmp_path / 'run', tmp_path / 'model.onnx'
    train.main(['--out', str(out), *TINY])
    said = capsys.readouterr().out
    assert said.startswith(f'preset demo, out {out}')
    assert 'training.export' in said

    kinds = [json.loads(each)['kind'] for each in (out / 'log.jsonl').read_text().splitlines()]
    assert kinds == ['train', 'train', 'validation', 'margins', 'train', 'train', 'validation']
    assert json.loads((out / 'settings.json').read_text())['batch_size'] == 2
    assert list(out.glob('events.out.tfevents*'))
    best = load_checkpoint(out / 'best.pt')
    assert best.step == 4
    assert best.calibration is not None

    export.main([str(out / 'best.pt'), '--out', str(model)])
    assert read_metadata(model).calibration == best.calibration
    assert 'labels agree' in capsys.readouterr().out

    calibrate.main([str(out / 'best.pt')])
    assert load_checkpoint(out / 'best.pt').calibration == best.calibration


def test_a_folder_that_holds_a_run_is_not_overwritten(tmp_path):
    (tmp_path / 'last.pt').write_bytes(b'a run')
    with pytest.raises(SystemExit, match='holds a run; go on with --resume'):
        train.main(['--out', str(tmp_path), *TINY])
    assert (tmp_path / 'last.pt').read_bytes() == b'a run'


def test_preview_draws_a_sheet(tmp_path):
    preview_data.main(['--out', str(tmp_path / 'sheet.png'), *TINY])
    gap, rows, columns = preview_data.GAP_PX, preview_data.ROWS, preview_data.COLUMNS
    height, width = (128 + gap) * rows + gap, (128 * 2 + gap) * columns + gap
    size = (tmp_path / 'sheet.png').read_bytes()[16:24]
    assert size == width.to_bytes(4, 'big') + height.to_bytes(4, 'big')


def test_wrong_camvid_folder_ends_with_the_pattern(tmp_path):
    with pytest.raises(SystemExit, match=r'error: .*[Cc]am[Vv]id.*images/'):
        train.main(['--out', str(tmp_path / 'run'), '--camvid', str(tmp_path), *TINY])


def test_unwritable_out_ends_before_work(tmp_path):
    (tmp_path / 'file').write_text('')
    with pytest.raises(SystemExit, match='cannot write into'):
        train.main(['--out', str(tmp_path / 'file' / 'run'), *TINY])


def test_preview_refuses_other_files(tmp_path):
    with pytest.raises(SystemExit, match=r'must be a \.png file'):
        preview_data.main(['--out', str(tmp_path / 'sheet.jpg'), *TINY])


def test_a_frozen_network_needs_weights(tmp_path):
    with pytest.raises(SystemExit, match=r'must have been trained: give --network\.weights'):
        train.main(['--preset', 'hopfield-pebal', '--out', str(tmp_path / 'run')])


@pytest.mark.parametrize(
    ('flags', 'message'),
    [
        (('--preset', 'camvid', '--num-drives', '0'), 'nothing to train on: give a set'),
        (('--val-sets', 'moon=x'), r'--val-sets takes NAME=DIR.*road_anomaly'),
        (('--val-sets', 'folder=no/such/place'), '--val-sets folder=no/such/place: '),
        (('--accumulation-steps', '3'), 'cannot be shared evenly.*a multiple of 3'),
        (('--start-from', 'no/best.pt'), r'no checkpoint no/best\.pt'),
        (('--crop-hw', '100', '128'), 'crop_hw must be multiples of 32'),
    ],
)
def test_bad_flags_end_with_the_remedy(tmp_path, flags, message):
    with pytest.raises(SystemExit, match=f'error: .*{message}'):
        train.main(['--out', str(tmp_path / 'run'), *TINY, *flags])


@pytest.mark.skipif(torch.cuda.is_available(), reason='there is a GPU')
@pytest.mark.parametrize(
    ('flags', 'message'),
    [
        (('--device', 'cuda'), 'torch finds no GPU; use --device cpu'),
        (('--precision', 'fp16'), 'fp16 needs a GPU; use bf16 or fp32'),
    ],
)
def test_a_missing_gpu_is_said_before_work(tmp_path, flags, message):
    with pytest.raises(SystemExit, match=message):
        train.main(['--out', str(tmp_path / 'run'), *TINY, *flags])
    assert not (tmp_path / 'run' / 'frames').exists()


def test_the_anomaly_stage_starts_from_any_checkpoint(
    tmp_path, trained_checkpoint, capsys, monkeypatch
):
    # calibration renders many frames, and is tested elsewhere
    monkeypatch.setattr(train, 'calibrated', lambda checkpoint, _out: checkpoint)
    monkeypatch.setattr(train, 'calibration_text', lambda _: '')
    checkpoint = tmp_path / 'closed_set.pt'
    save_checkpoint(trained_checkpoint, checkpoint)
    out = tmp_path / 'run'
    train.main(
        [
            *('--out', str(out), *TINY, '--start-from', str(checkpoint)),
            *('--closed-set-steps', '0', '--anomaly-steps', '1'),
        ]
    )
    taken = len(trained_checkpoint.network)
    assert f'from {checkpoint}: {taken} tensors taken' in capsys.readouterr().out
    kinds = [json.loads(each)['kind'] for each in (out / 'log.jsonl').read_text().splitlines()]
    assert kinds == ['margins', 'train', 'validation']
    assert load_checkpoint(out / 'best.pt').step == 1


def test_control_c_saves_and_resume_goes_on(tmp_path):
    out = tmp_path / 'run'
    command = [sys.executable, '-m', 'training.train', '--out', str(out)]
    flags = [*TINY, '--closed-set-steps', '2000', '--num-workers', '0']
    environment = {**os.environ, 'OMP_NUM_THREADS': '1'}
    process = subprocess.Popen(
        [*command, *flags],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        wait_for_a_step(out / 'log.jsonl', process)
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=120)
    finally:
        process.kill()
    assert process.returncode == train.INTERRUPTED
    assert f'--out {out} --resume' in said
    stopped = load_checkpoint(out / 'last.pt')
    assert 0 < stopped.step < 2000
    assert json.loads((out / 'log.jsonl').read_text().splitlines()[-1])['step'] == stopped.step


def wait_for_a_step(log, process):
    ends = time.monotonic() + 120
    while not (log.exists() and log.stat().st_size):
        assert process.poll() is None, 'the run ended by itself'
        assert time.monotonic() < ends, 'no step was taken'
        time.sleep(0.1)
