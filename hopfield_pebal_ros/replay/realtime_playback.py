"""What happened in real time, put together from the recording and from the node's diagnostics."""

from collections.abc import Iterator, Sequence

from hopfield_pebal_ros.contract.metadata import Metadata
from hopfield_pebal_ros.evaluation.latency import percentiles_ms
from hopfield_pebal_ros.replay.detector_process import NodeError, NodeSettings
from hopfield_pebal_ros.replay.node_report import NodeReport
from hopfield_pebal_ros.replay.playback import Playback, RunningModel
from hopfield_pebal_ros.replay.recording import ResultRecording


def realtime_playback(
    topic: str,
    settings: NodeSettings,
    metadata: Metadata,
    *,
    frames_in: Sequence[int],
    recording: ResultRecording,
    report: NodeReport,
) -> Playback:
    """Return the facts of a run that is over.

    Args:
        topic: of the camera, in the bag.
        settings: what the node was told.
        metadata: of its model.
        frames_in: stamps of what was sent, in order.
        recording: what came back.
        report: what the node said of itself.

    Raises:
        NodeError: it did not say what it ran on.
    """
    return Playback(
        mode='realtime',
        topic=topic,
        model=_running_model(settings, metadata, report),
        frames_in=tuple(frames_in),
        latency_ms=_latencies(recording),
        inference_ms=percentiles_ms(report.inference_ms) if report.inference_ms else {},
        num_rejected_unnamed=report.count('images_rejected'),
        notices=tuple(_notices(recording, report)),
    )


def _latencies(recording: ResultRecording) -> dict[int, dict[str, float]]:
    complete = recording.complete_stamps()
    milliseconds = recording.latency.latencies_ms()
    return {stamp: {'total': milliseconds[stamp]} for stamp in milliseconds if stamp in complete}


def _running_model(settings: NodeSettings, metadata: Metadata, report: NodeReport) -> RunningModel:
    """Return what the node says that it runs.

    Raises:
        NodeError: it said nothing.
    """
    said = report.values
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


def _notices(recording: ResultRecording, report: NodeReport) -> Iterator[str]:
    """Yield what a reader must know of this run."""
    counts = {
        'Frames overtaken by newer ones while the node was busy (the newest frame wins)': (
            report.count('images_dropped')
        ),
        'Frames lost on their way to the node': report.count('images_lost_in_transport'),
        'Frames without all of segmentation, energy and mask, counted as dropped': (
            len(recording.latency.latencies_ms()) - recording.num_complete()
        ),
        'Frames on which inference failed': report.count('images_failed'),
        'Frames rejected by the node': report.count('images_rejected'),
        'Results with a stamp that was never sent, left out': len(recording.latency.unknown()),
        'Results that came twice, of which the first counts': len(recording.latency.repeated()),
    }
    yield from (f'{what}: {count}.' for what, count in counts.items() if count > 0)
    for key in ('last_failure', 'last_rejection'):
        if reason := report.values.get(key):
            yield f'{key.replace("_", " ").capitalize()}: {reason}'
