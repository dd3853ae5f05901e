"""The figures of a run as summary.json: names and keys that scripts rely on."""

import importlib.metadata
import platform
from typing import Any, Final

from hopfield_pebal_ros.evaluation.latency import percentiles_ms
from hopfield_pebal_ros.replay.evaluated_run import EvaluatedRun

_PACKAGES: Final = (
    'hopfield_pebal_ros',
    'numpy',
    'opencv-python-headless',
    'openvino',
    'onnxruntime',
    'rosbags',
    'ros-jazzy-rclpy',
)


def summarise(run: EvaluatedRun) -> dict[str, Any]:
    """Return what summary.json holds; latencies in milliseconds, figures as fractions 0..1."""
    playback = run.playback
    model = playback.model
    summary: dict[str, Any] = {
        'mode': playback.mode,
        'frames_in': len(playback.frames_in),
        'frames_out': len(playback.latency_ms),
        'frames_dropped': playback.num_dropped,
        'frames_rejected': playback.num_rejected,
        'latency_ms': latency_percentiles_ms(run),
        'inference_ms': dict(playback.inference_ms),
        'engine': model.backend,
        'device': model.device,
        'precision': model.precision,
        'model': model.metadata.name,
        'model_sha256': model.sha256,
        'threshold': model.threshold,
        'energy_unit': model.metadata.energy.unit,
        'topic': playback.topic,
    }
    if run.evaluator.num_labelled:
        summary['frames_labelled'] = run.evaluator.num_labelled
        summary['figures'] = run.figures
    return summary | {'versions': versions()}


def latency_percentiles_ms(run: EvaluatedRun) -> dict[str, float]:
    return percentiles_ms(parts['total'] for parts in run.playback.latency_ms.values())


def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that took part, where installed."""
    found = {'python': platform.python_version()}
    for name in _PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
