"""Snapshots whole or not at all, and when they are taken."""

import json
import threading
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from hopfield_pebal_ros.contract.geometry import place
from hopfield_pebal_ros.inference.detection import Detection
from hopfield_pebal_ros.node import snapshot
from hopfield_pebal_ros.node.camera_frame import CameraFrame
from hopfield_pebal_ros.node.snapshot import Snapshots, write_snapshot
from tests.tiny_model import TINY_METADATA

PICTURE_RGB = np.random.default_rng(0).integers(0, 256, (64, 128, 3), np.uint8)


def frame_of(camera, sec=5):
    header = SimpleNamespace(stamp=SimpleNamespace(sec=sec, nanosec=7), frame_id='optical')
    return CameraFrame(camera, header, (), PICTURE_RGB, 'rgb', 0.0)


def detection():
    return Detection(
        placement=place((64, 128), (64, 128), 'stretch'),
        label_map=PICTURE_RGB[..., 1] // 16,
        energy_map=PICTURE_RGB[..., 0].astype(np.float32) / 25.5,
        anomaly_mask=np.zeros((64, 128), np.uint8),
        regions=(),
        threshold=6.0,
        preprocess_ms=1.0,
        inference_ms=2.0,
        postprocess_ms=1.0,
    )


def test_the_files_of_a_frame(tmp_path):
    folder = write_snapshot(tmp_path, frame_of('front'), detection(), TINY_METADATA)
    assert folder == tmp_path / '00000000005000000007_front'
    camera = cv2.imread(str(folder / 'camera.png'))
    np.testing.assert_array_equal(camera[..., ::-1], PICTURE_RGB)
    labels = cv2.imread(str(folder / 'labels.png'), cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(labels, PICTURE_RGB[..., 1] // 16)
    np.testing.assert_array_equal(np.load(folder / 'energy.npy'), detection().energy_map)
    facts = json.loads((folder / 'result.json').read_text())
    assert (facts['camera'], facts['threshold'], facts['energy_unit']) == ('front', 6.0, 'nat')


def test_the_same_image_again_gets_another_folder(tmp_path):
    paths = [write_snapshot(tmp_path, frame_of(''), detection(), TINY_METADATA) for _ in range(2)]
    assert [path.name for path in paths] == ['00000000005000000007', '00000000005000000007_2']


def test_a_full_disk_leaves_nothing_behind(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr(snapshot.np, 'save', full)
    with pytest.raises(OSError, match='No space left'):
        write_snapshot(tmp_path, frame_of(''), detection(), TINY_METADATA)
    assert list(tmp_path.iterdir()) == []


class Answer:
    """Waits for what a snapshot says when it is done."""

    def __init__(self):
        self._done = threading.Event()

    def __call__(self, success, message):
        self.success, self.message = success, message
        self._done.set()

    def wait(self):
        assert self._done.wait(20)
        return self.success, self.message


def test_one_frame_of_each_camera_is_taken(tmp_path):
    snapshots, answer = Snapshots(['front', 'left']), Answer()
    snapshots.offer(frame_of('front'), detection())  # nobody asked
    assert snapshots.ask(tmp_path, TINY_METADATA, answer)
    assert not snapshots.ask(tmp_path, TINY_METADATA, answer)
    assert snapshots.is_asked('front')
    snapshots.offer(frame_of('front'), detection())
    assert not snapshots.is_asked('front')
    snapshots.offer(frame_of('left'), detection())
    success, message = answer.wait()
    assert success
    assert message.count(str(tmp_path)) == 2
    assert len(list(tmp_path.iterdir())) == 2


def test_a_camera_that_gives_nothing_is_named(tmp_path):
    now_s = [0.0]
    snapshots, answer = Snapshots(['front', 'left'], clock=lambda: now_s[0]), Answer()
    snapshots.ask(tmp_path, TINY_METADATA, answer)
    snapshots.offer(frame_of('front'), detection())
    snapshots.end_if_due()
    now_s[0] = 3.1
    snapshots.end_if_due()
    success, message = answer.wait()
    assert not success
    assert "no image of camera 'left' in 3 s; wrote" in message
    assert [each.name for each in tmp_path.iterdir()] == ['00000000005000000007_front']


def test_a_folder_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / 'file').write_text('')
    snapshots, answer = Snapshots(['']), Answer()
    snapshots.ask(tmp_path / 'file', TINY_METADATA, answer)
    snapshots.offer(frame_of(''), detection())
    success, message = answer.wait()
    assert not success
    assert message.startswith(f'cannot write a snapshot into {tmp_path / "file"}')
