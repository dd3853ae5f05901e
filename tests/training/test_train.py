import json

import pytest

torch = pytest.importorskip('torch')

from hopfield_pebal_ros.contract.deployment import read_metadata
from training import calibrate, export, preview_data, train
from training.checkpoints import load_checkpoint

TINY = [
    *('--num-drives', '1', '--frames-per-drive', '2', '--held-back-drives', '4'),
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
