"""The figures of a run as summary.json: names and keys that scripts rely on."""

import importlib.metadata
import platform
from collections.abc import Sequence
from typing import Any, Final

from hopfield_pebal_ros.evaluation.latency import percentiles_ms
from hopfield_pebal_ros.replay.evaluated_run import EvaluatedRun
from hopfield_pebal_ros.replay.requirements import Verdict

_PACKAGES: Final = (
    'hopfield_pebal_ros',
    'numpy',
    'opencv-python-headless',
    'openvino',
    'onnxruntime',
    'rosbags',
    'ros-jazzy-rclpy',
)


def summarise(run: EvaluatedRun, verdicts: Sequence[Verdict] = ()) -> dict[str, Any]:
    """Return what summary.json holds; latencies in milliseconds, figures as fractions 0..1."""
    model = run.model
    summary: dict[str, Any] = {
        'mode': run.mode,
        **_outcome(run),
        'engine': model.backend,
        'device': model.device,
        'precision': model.precision,
        'model': model.metadata.name,
        'model_sha256': model.sha256,
        'threshold': model.threshold,
        'energy_unit': model.metadata.energy.unit,
        'topic': run.topics,
    }
    if run.mode == 'realtime':
        summary['rate'] = run.rate
    if run.cameras:
        summary['cameras'] = {
            each.camera: {'topic': each.topics, **_outcome(each)} for each in run.cameras
        }
    if verdicts:
        summary['requirements'] = [each.to_json() for each in verdicts]
    return summary | {'versions': versions()}


def _outcome(run: EvaluatedRun) -> dict[str, Any]:
    outcome: dict[str, Any] = {
        'frames_in': run.num_in,
        'frames_out': len(run.latencies_ms),
        'frames_dropped': run.num_dropped,
        'frames_rejected': run.num_rejected,
        'latency_ms': latency_percentiles_ms(run),
        'inference_ms': inference_percentiles_ms(run),
    }
    if run.evaluator.num_labelled:
        outcome |= {'frames_labelled': run.evaluator.num_labelled, 'figures': run.figures}
    return outcome


def latency_percentiles_ms(run: EvaluatedRun) -> dict[str, float]:
    """Return p50, p95 and p99; nothing where no frame has a result."""
    totals = [parts['total'] for parts in run.latencies_ms]
    return percentiles_ms(totals) if totals else {}


def inference_percentiles_ms(run: EvaluatedRun) -> dict[str, float]:
    """Return p50, p95 and p99; nothing where no time is known."""
    return percentiles_ms(run.inference_ms) if run.inference_ms else {}


def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that took part, where installed."""
    found = {'python': platform.python_version()}
    for name in _PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
