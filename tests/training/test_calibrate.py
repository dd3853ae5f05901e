from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

torch = pytest.importorskip('torch')

from training.calibrate import calibrated, calibration_text, main
from training.checkpoints import Checkpoint, load_checkpoint, save_checkpoint
from training.data.inlier_sets import InlierSettings
from training.models.fusion import Fusion


def camvid_at(folder: Path, *names: str) -> Path:
    """Write pictures of road below sky, with CamVid's ids."""
    rng = np.random.default_rng(0)
    for kind in ('images', 'labels'):
        (folder / kind).mkdir(parents=True)
    labels = np.zeros((64, 128), np.uint8)
    labels[32:] = 3
    for name in names:
        picture = rng.integers(0, 255, (64, 128, 3), dtype=np.uint8)
        cv2.imwrite(str(folder / 'images' / f'{name}.png'), picture)
        cv2.imwrite(str(folder / 'labels' / f'{name}.png'), labels)
    return folder


def with_settings(checkpoint: Checkpoint, **changes: object) -> Checkpoint:
    settings = replace(checkpoint.settings, calibration_drives=3, **changes)
    return replace(checkpoint, settings=settings)


def test_the_command_stores_thresholds_and_prints_their_table(
    tmp_path, trained_checkpoint, capsys
):
    path = tmp_path / 'best.pt'
    save_checkpoint(with_settings(trained_checkpoint), path)
    main([str(path)])
    found = load_checkpoint(path).calibration
    assert found.num_images == 3
    assert set(found.threshold_kinds.values()) == {'quantile'}
    rates = found.thresholds_by_false_positive_rate
    assert rates['0.05'] <= rates['0.01'] == found.threshold <= rates['0.001']
    assert found.inlier_mean < found.threshold
    assert found.fitted_on == '3 frames of procedural drives 950000 and following'
    printed = capsys.readouterr().out
    assert '3, 96 missing' in printed
    assert 'threshold [nat]' in printed


def test_a_drive_that_was_trained_on_is_told(tmp_path, trained_checkpoint):
    inliers = InlierSettings(camvid=camvid_at(tmp_path / 'train', '0016E5_00390', '0001TP_006690'))
    checkpoint = with_settings(
        trained_checkpoint,
        inliers=inliers,
        val_camvid=camvid_at(tmp_path / 'val', '0016E5_07959', '0016E5_07961'),
    )
    found = calibrated(checkpoint, tmp_path).calibration
    assert found.num_images == 5
    assert '2 frames of CamVid validation (other frames of camvid/0016E5' in found.fitted_on


def test_images_that_were_trained_on_are_refused(tmp_path, trained_checkpoint):
    names = '0016E5_00390', '0001TP_006690'
    checkpoint = with_settings(
        trained_checkpoint,
        inliers=InlierSettings(camvid=camvid_at(tmp_path / 'train', *names)),
        val_camvid=camvid_at(tmp_path / 'a copy', *names),
    )
    with pytest.raises(ValueError, match=r'2 calibration images were trained on: camvid/0001TP'):
        calibrated(checkpoint, tmp_path)


def test_training_images_that_are_elsewhere_leave_a_note(tmp_path, trained_checkpoint):
    checkpoint = with_settings(
        trained_checkpoint,
        inliers=InlierSettings(camvid=tmp_path / 'gone'),
        val_camvid=camvid_at(tmp_path / 'val', '0016E5_07959'),
    )
    assert 'not checked' in calibrated(checkpoint, tmp_path).calibration.fitted_on


def test_a_fusion_is_told_with_its_weights(tmp_path, trained_checkpoint):
    fusion = Fusion(
        components=('pebal_energy', 'free_energy'),
        means=(-8.0, -7.0),
        standard_deviations=(2.0, 1.5),
        weights=(0.75, 0.25),
    )
    energies = ('free_energy', 'pebal_energy', 'abstention_energy')
    checkpoint = with_settings(replace(trained_checkpoint, fusion=fusion), energies=energies)
    text = calibration_text(calibrated(checkpoint, tmp_path))
    assert 'threshold [inlier standard deviation]' in text
    lines = [line.split() for line in text.splitlines()]
    assert ['pebal_energy', '0.75', '-8.000', '2.000'] in lines
    assert ['abstention_energy', '0', 'adds', 'nothing'] in lines


def test_without_calibration_there_is_nothing_to_tell(trained_checkpoint):
    assert calibration_text(trained_checkpoint) == 'not calibrated'
