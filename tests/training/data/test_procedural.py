import numpy as np
import pytest

pytest.importorskip('torch')

from hopfield_pebal_ros.scenes.drive import Drive
from training.data.procedural import DriveFrames, render_frames
from training.run_data import (
    calibration_drives,
    training_drives,
    validation_drives,
)

FRAMES = DriveFrames(first_seed=7, num_drives=2, frames_per_drive=2, image_hw=(128, 256))


def test_rendered_frames_are_the_drives_frames(tmp_path):
    frames, progress = render_frames(FRAMES, tmp_path, num_processes=1)
    assert sum(progress) == len(frames) == 4
    scene = Drive(8, image_hw=(128, 256)).frame(1, rate_hz=1.0)
    assert np.array_equal(frames[3].label_map, scene.label_map)
    difference = np.abs(frames[3].image_rgb.astype(int) - scene.image_rgb)
    assert difference.mean() < 6  # JPEG
    assert frames[3].name == 'drive/000008_0001.jpg'


def test_nothing_is_rendered_twice(tmp_path):
    frames, progress = render_frames(FRAMES, tmp_path, num_processes=1)
    list(progress)
    before = {path: path.stat().st_mtime_ns for path in frames.folder.glob('*.jpg')}
    (frames.folder / '000007_0000.jpg').unlink()
    list(render_frames(FRAMES, tmp_path, num_processes=1)[1])
    after = {path: path.stat().st_mtime_ns for path in frames.folder.glob('*.jpg')}
    changed = [path.name for path in before if before[path] != after[path]]
    assert changed == ['000007_0000.jpg']


def test_training_validation_and_calibration_share_no_drive(tiny_settings):
    seeds = [
        {frames.key(index)[0] for index in range(len(frames))}
        for frames in (
            training_drives(tiny_settings),
            validation_drives(tiny_settings),
            calibration_drives(tiny_settings),
        )
    ]
    assert all(seeds)
    assert not seeds[0] & seeds[1]
    assert not seeds[0] & seeds[2]
    assert not seeds[1] & seeds[2]


def test_index_beyond_the_end_is_refused(tmp_path):
    frames, _ = render_frames(FRAMES, tmp_path, num_processes=1)
    with pytest.raises(IndexError, match='frame 4 of 4'):
        frames[4]
