"""What happened in real time, put together from the recording and from the node's diagnostics."""

from collections.abc import Iterator, Mapping, Sequence

from hopfield_pebal_ros.contract.metadata import Metadata
from hopfield_pebal_ros.replay.cameras import BagCamera
from hopfield_pebal_ros.replay.detector_process import NodeError, NodeSettings
from hopfield_pebal_ros.replay.node_report import CameraReport
from hopfield_pebal_ros.replay.playback import Playback, RunningModel
from hopfield_pebal_ros.replay.recording import CameraAnswers


def realtime_playback(
    camera: BagCamera,
    model: RunningModel,
    *,
    rate: float = 1.0,
    frames_in: Sequence[int],
    answers: CameraAnswers,
    report: CameraReport,
) -> Playback:
    """Return the facts of one camera of a run that is over.

    Args:
        camera: of the bag.
        model: from `running_model`.
        rate: how many times as fast as recorded it was played.
        frames_in: stamps of what was sent, in order.
        answers: what came back.
        report: what the node said of this camera.
    """
    complete = answers.complete_stamps()
    milliseconds = answers.latency.latencies_ms()
    return Playback(
        mode='realtime',
        camera=camera.name,
        topic=camera.topic.name,
        model=model,
        rate=rate,
        frames_in=tuple(frames_in),
        latency_ms={
            stamp: {'total': milliseconds[stamp]} for stamp in milliseconds if stamp in complete
        },
        inference_ms=tuple(report.inference_ms),
        num_rejected_unnamed=report.count('images_rejected'),
        notices=tuple(_notices(len(frames_in), answers, report)),
    )


def running_model(
    settings: NodeSettings, metadata: Metadata, said: Mapping[str, str]
) -> RunningModel:
    """Return what the node says that it runs.

    Args:
        settings: what the node was told.
        metadata: of its model.
        said: the values of its node_status.

    Raises:
        NodeError: it said nothing.
    """
    missing = [key for key in ('engine', 'device', 'precision', 'model_sha256') if key not in said]
    if missing:
        raise NodeError(
            f'the diagnostics of the detector node lack {", ".join(missing)}; they have '
            f'{", ".join(sorted(said)) or "nothing"}'
        )
    threshold = settings.threshold
    return RunningModel(
        metadata=metadata,
        sha256=said['model_sha256'],
        backend=said['engine'],
        device=said['device'],
        precision=said['precision'],
        threshold=metadata.calibration.threshold if threshold is None else threshold,
        min_region_area_px=settings.min_region_area_px,
    )


def _notices(num_sent: int, answers: CameraAnswers, report: CameraReport) -> Iterator[str]:
    """Yield what a reader must know of this camera."""
    counts = {
        'Frames overtaken by newer ones while the node was busy (the newest frame wins)': (
            report.count('images_dropped')
        ),
        'Frames the node never took: lost on their way, or overtaken before it did': (
            num_sent - report.count('images_received')
        ),
        'Frames without all of segmentation, energy and mask, counted as dropped': (
            len(answers.latency.latencies_ms()) - len(answers.complete_stamps())
        ),
        'Frames on which inference failed': report.count('images_failed'),
        'Frames rejected by the node': report.count('images_rejected'),
        'Results with a stamp that was never sent, left out': len(answers.latency.unknown()),
        'Results that came twice, of which the first counts': len(answers.latency.repeated()),
    }
    yield from (f'{what}: {count}.' for what, count in counts.items() if count > 0)
    for key in ('last_failure', 'last_rejection'):
        if reason := report.values.get(key):
            yield f'{key.replace("_", " ").capitalize()}: {reason}'
