from dataclasses import replace

import pytest

torch = pytest.importorskip('torch')

from hopfield_pebal_ros.contract.metadata import Calibration
from training import checkpoints
from training.checkpoints import (
    CheckpointError,
    load_checkpoint,
    save_checkpoint,
)
from training.margins import Margins

CALIBRATION = Calibration(
    threshold=-2.5,
    false_positive_rate=0.01,
    thresholds_by_false_positive_rate={'0.01': -2.5},
    inlier_mean=-8.0,
    inlier_standard_deviation=2.0,
    fitted_on='nothing',
)


def test_round_trip_keeps_everything(tmp_path, trained_checkpoint):
    saved = replace(
        trained_checkpoint, step=7, margins=Margins(-9.0, -3.0), calibration=CALIBRATION
    )
    save_checkpoint(saved, tmp_path / 'last.pt')
    loaded = load_checkpoint(tmp_path / 'last.pt')
    assert (loaded.settings, loaded.step, loaded.margins, loaded.best_ap, loaded.calibration) == (
        saved.settings,
        7,
        Margins(-9.0, -3.0),
        -1.0,
        CALIBRATION,
    )
    assert set(loaded.network) == set(saved.network)
    for name, tensor in saved.network.items():
        assert torch.equal(loaded.network[name], tensor), name
    assert torch.equal(loaded.random[0], saved.random[0])


def test_failed_write_keeps_the_older_file(tmp_path, trained_checkpoint, monkeypatch):
    path = tmp_path / 'last.pt'
    save_checkpoint(trained_checkpoint, path)
    before = path.read_bytes()

    def full_disk(_document, file):
        file.write(b'half')
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr(checkpoints.torch, 'save', full_disk)
    with pytest.raises(CheckpointError, match=r'No space left.*older one is intact'):
        save_checkpoint(replace(trained_checkpoint, step=9), path)
    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ['last.pt']


def test_truncated_file_is_refused(tmp_path, trained_checkpoint):
    path = tmp_path / 'best.pt'
    save_checkpoint(trained_checkpoint, path)
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(CheckpointError, match='truncated or no checkpoint'):
        load_checkpoint(path)


def test_foreign_file_is_refused(tmp_path):
    torch.save({'state_dict': {}}, tmp_path / 'foreign.pt')
    with pytest.raises(CheckpointError, match='format None, expected 2'):
        load_checkpoint(tmp_path / 'foreign.pt')


def test_missing_file_says_how_to_make_one(tmp_path):
    with pytest.raises(FileNotFoundError, match=r'training\.train makes one'):
        load_checkpoint(tmp_path / 'best.pt')


def test_a_text_file_is_refused(tmp_path):
    path = tmp_path / 'best.pt'
    path.write_text('hello world')
    with pytest.raises(CheckpointError, match='no checkpoint'):
        load_checkpoint(path)
