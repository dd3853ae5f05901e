"""The facts of a real-time run: what counts as answered, and what a reader is told."""

from pathlib import Path

import pytest

from hopfield_pebal_ros.replay.bags import IMAGE_TYPE, ImageTopic
from hopfield_pebal_ros.replay.cameras import BagCamera
from hopfield_pebal_ros.replay.detector_process import NodeError, NodeSettings
from hopfield_pebal_ros.replay.node_report import CameraReport
from hopfield_pebal_ros.replay.playback import RESULT_TOPICS, Playback
from hopfield_pebal_ros.replay.realtime_playback import realtime_playback, running_model
from hopfield_pebal_ros.replay.recorded_qos import RecordedQos
from hopfield_pebal_ros.replay.recording import ResultRecording
from tests.replay.test_recording import cdr
from tests.tiny_model import TINY_METADATA

SETTINGS = NodeSettings(model=Path('m.onnx'), threshold=2.0)

SAID = {
    'engine': 'openvino',
    'device': 'CPU',
    'precision': 'fp32',
    'model_sha256': 'f' * 64,
    'images_received': '4',
    'images_rejected': '1',
    'last_rejection': 'unknown encoding',
    'images_dropped': '1',
}


def playback_of(tmp_path: Path) -> Playback:
    """Return a run of five frames: 1 complete, 2 partial, 3 to 5 lost; 9 was never sent."""
    report = CameraReport()
    report.add(SAID)
    with ResultRecording(tmp_path / 'bag') as recording:
        answers = recording.answers['']
        for stamp_ns in range(1, 6):
            answers.latency.sent(stamp_ns, 0.0)
        for topic in RESULT_TOPICS:
            recording.received('', topic, cdr(1, 0))
        recording.received('', '/segmentation', cdr(2, 0))
        recording.received('', '/segmentation', cdr(9, 0))
    return realtime_playback(
        BagCamera('', ImageTopic('/image', IMAGE_TYPE, 5, RecordedQos())),
        running_model(SETTINGS, TINY_METADATA, SAID),
        frames_in=range(1, 6),
        answers=answers,
        report=report,
    )


def test_only_complete_frames_count_as_answered(tmp_path: Path) -> None:
    playback = playback_of(tmp_path)
    assert list(playback.latency_ms) == [1]
    assert (playback.num_rejected, playback.num_dropped) == (1, 3)
    assert (playback.model.precision, playback.model.threshold) == ('fp32', 2.0)
    assert playback.inference_ms == ()


def test_a_reader_is_told_what_was_lost_and_why(tmp_path: Path) -> None:
    notices = ' '.join(playback_of(tmp_path).notices)
    for words in (
        'newest frame wins): 1.',
        'overtaken before it did: 1.',
        'counted as dropped: 1.',
        'rejected by the node: 1.',
        'never sent, left out: 1.',
        'Last rejection: unknown encoding',
    ):
        assert words in notices
    assert 'inference failed' not in notices


def test_a_node_that_does_not_say_what_it_runs_on_is_refused() -> None:
    with pytest.raises(NodeError, match='lack device, precision, model_sha256; they have engine'):
        running_model(SETTINGS, TINY_METADATA, {'engine': 'openvino'})
