"""Health as diagnostic_msgs: what an operator reads on /diagnostics, with Autoware's key names."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue

from hopfield_pebal_ros.inference.detector import AnomalyDetector
from hopfield_pebal_ros.node.health import PERCENTILES, CameraHealth, FrameTimes
from hopfield_pebal_ros.node.parameters import Parameters

_UNKNOWN: Final = 'n/a'

_TIME_KEYS: Final = {
    'processing_time_ms': 'processing_ms',
    'pipeline_latency_ms': 'latency_ms',
    'decode_time_ms': 'decode_ms',
    'preprocess_time_ms': 'preprocess_ms',
    'inference_time_ms': 'inference_ms',
    'postprocess_time_ms': 'postprocess_ms',
    'publish_time_ms': 'publish_ms',
}


@dataclass(frozen=True, kw_only=True)
class Limits:
    """When the diagnostics warn."""

    image_timeout_s: float
    max_allowed_processing_time_ms: float
    """0 is never."""
    max_acceptable_consecutive_delay_ms: float = 0.0
    """0 is never."""
    max_energy_drift: float = 0.0
    """In standard deviations of the calibration; 0 is never."""

    @classmethod
    def of(cls, parameters: Parameters) -> 'Limits':
        """Return the limits that an operator set."""
        return cls(**{each.name: getattr(parameters, each.name) for each in fields(cls)})


def diagnostic_array(
    statuses: Sequence[DiagnosticStatus], *, node_name: str, stamp: Any
) -> DiagnosticArray:
    """Return the message; every status is named `node: task`, as in diagnostic_updater."""
    message = DiagnosticArray()
    message.header.stamp = stamp
    for status in statuses:
        status.name = f'{node_name}: {status.name}'
        status.hardware_id = node_name
    message.status = list(statuses)
    return message


def node_status(
    *,
    lifecycle_state: str,
    problem: str,
    detector: AnomalyDetector | None,
    is_enabled: bool = True,
) -> DiagnosticStatus:
    """Return the lifecycle state and what really runs.

    Args:
        lifecycle_state: label, such as 'active'.
        problem: why the last transition failed, or ''.
        detector: the open model, if there is one.
        is_enabled: False when the service `enable` stopped the work.
    """
    values = {'lifecycle_state': lifecycle_state}
    if detector is not None:
        metadata, engine = detector.metadata, detector.engine
        values |= {
            'engine': engine.backend,
            'device': engine.device,
            'precision': engine.precision,
            'model': metadata.name,
            'model_sha256': detector.model_sha256,
            'energy_kind': metadata.energy.kind,
            'energy_unit': metadata.energy.unit,
            'energy_threshold_of_model': f'{metadata.calibration.threshold:g}',
        }
    if problem:
        return _status('node_status', DiagnosticStatus.ERROR, problem, values)
    summary = lifecycle_state if is_enabled else f'{lifecycle_state}, disabled by request'
    return _status('node_status', DiagnosticStatus.OK, summary, values)


def summary_of(detector: AnomalyDetector) -> str:
    """Return in one line what really runs."""
    engine, metadata = detector.engine, detector.metadata
    return (
        f'model {metadata.name} (sha256 {detector.model_sha256[:12]}) on {engine.backend} '
        f'{engine.device} at {engine.precision}, calibrated threshold '
        f'{metadata.calibration.threshold:g} {metadata.energy.unit}'
    )


def camera_status(
    health: CameraHealth,
    *,
    camera: str,
    topic: str,
    threshold: float,
    geometry_problem: str,
    num_dropped: int,
    limits: Limits,
) -> DiagnosticStatus:
    """Return what comes from one camera, and what becomes of it."""
    level, summary = _judged_camera(health, limits)
    values = {
        'camera': camera,
        'topic': topic,
        'state': health.state,
        'energy_threshold': f'{threshold:g}',
        'last_image_s_ago': f'{health.silent_s:.2f}' if health.num_received else _UNKNOWN,
        'input_rate_hz': f'{health.input_rate_hz:.2f}',
        'output_rate_hz': f'{health.output_rate_hz:.2f}',
        'images_received': str(health.num_received),
        'images_published': str(health.num_published),
        'images_dropped': str(num_dropped),
        'images_lost_in_transport': str(health.num_lost),
        'images_rejected': str(health.num_rejected),
        'images_failed': str(health.num_failed),
        'images_without_listener': str(health.num_idle),
        'geometry_problem': geometry_problem,
        'last_rejection': health.last_rejection,
        'last_failure': health.last_failure,
    }
    return _status('camera_status', level, summary, values)


def _judged_camera(health: CameraHealth, limits: Limits) -> tuple[bytes, str]:
    if health.silent_s > limits.image_timeout_s:
        return DiagnosticStatus.WARN, f'no image for {health.silent_s:.1f} s'
    if health.state == 'failed':
        return DiagnosticStatus.ERROR, f'inference failed: {health.last_failure}'
    if health.state == 'rejected':
        return DiagnosticStatus.ERROR, f'image rejected: {health.last_rejection}'
    if health.state == 'idle':
        return DiagnosticStatus.OK, 'idle: nobody listens to a result'
    return DiagnosticStatus.OK, health.state


def processing_time_status(health: CameraHealth, *, limits: Limits) -> DiagnosticStatus:
    """Return where the time goes; '_ms' of the last frame, percentiles of the last seconds."""
    times = health.last_times
    allowed_ms = limits.max_allowed_processing_time_ms
    acceptable_ms = limits.max_acceptable_consecutive_delay_ms
    is_in_range = times is None or allowed_ms <= 0 or times.processing_ms <= allowed_ms
    is_delay_in_range = acceptable_ms <= 0 or health.slow_for_ms <= acceptable_ms
    is_off_clock = health.num_off_clock > 0 and not health.latency_ms
    values = {
        'is_processing_time_ms_in_expected_range': str(is_in_range),
        'is_consecutive_processing_delay_in_range': str(is_delay_in_range),
        'consecutive_processing_delay_ms': f'{health.slow_for_ms:.2f}',
        **{key: _of(times, field) for key, field in _TIME_KEYS.items()},
        **_named_percentiles('processing_time_ms', health.processing_ms),
        **_named_percentiles('pipeline_latency_ms', health.latency_ms),
        'images_with_stamp_off_clock': str(health.num_off_clock),
    }
    if is_off_clock:
        values['pipeline_latency_ms'] = _UNKNOWN
    level, summary = DiagnosticStatus.OK, 'ok'
    if not is_delay_in_range:
        level = DiagnosticStatus.ERROR
        summary = (
            f'processing has taken more than {allowed_ms:g} ms for {health.slow_for_ms:.0f} ms, '
            f'acceptable are {acceptable_ms:g} ms'
        )
    elif not is_in_range:
        level = DiagnosticStatus.WARN
        took_ms = _of(times, 'processing_ms')
        summary = f'processing took {took_ms} ms, allowed are {allowed_ms:g} ms'
    elif is_off_clock:
        summary = 'stamps are not of this clock, no latency; set use_sim_time for a replayed bag'
    return _status('processing_time_status', level, summary, values)


def energy_drift_status(
    *, mean: float, mean_of_model: float, deviations: float, limits: Limits
) -> DiagnosticStatus:
    """Return whether inlier energies still lie where the model was calibrated.

    Args:
        mean: slow mean of the inlier energies; NaN before the first frame.
        mean_of_model: the calibration's.
        deviations: between them, in standard deviations; NaN where that is not known.
        limits: when to warn.
    """
    allowed = limits.max_energy_drift
    is_in_range = math.isnan(deviations) or allowed <= 0 or abs(deviations) <= allowed
    values = {
        'is_energy_drift_in_expected_range': str(is_in_range),
        'energy_drift': _UNKNOWN if math.isnan(deviations) else f'{deviations:.2f}',
        'inlier_energy_mean': _UNKNOWN if math.isnan(mean) else f'{mean:.4g}',
        'inlier_energy_mean_of_model': f'{mean_of_model:.4g}',
    }
    if is_in_range:
        return _status('energy_drift', DiagnosticStatus.OK, 'ok', values)
    summary = (
        f'inlier energies are {deviations:+.1f} standard deviations from the calibration: the '
        'camera or the scene is not what the model knows; thresholds may not hold'
    )
    return _status('energy_drift', DiagnosticStatus.WARN, summary, values)


def _named_percentiles(name: str, found: Mapping[int, float]) -> dict[str, str]:
    return {f'{name}_p{each}': f'{found[each]:.2f}' if found else _UNKNOWN for each in PERCENTILES}


def _of(times: FrameTimes | None, name: str) -> str:
    return _UNKNOWN if times is None else f'{getattr(times, name):.2f}'


def _status(name: str, level: bytes, summary: str, values: Mapping[str, str]) -> DiagnosticStatus:
    return DiagnosticStatus(
        name=name,
        level=level,
        message=summary,
        values=[KeyValue(key=key, value=value) for key, value in values.items()],
    )
