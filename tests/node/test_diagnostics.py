"""What the diagnostics judge, and Autoware's key names."""

from dataclasses import replace

import pytest

pytest.importorskip('rclpy')

from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticStatus

from hopfield_pebal_ros.inference.detector import AnomalyDetector
from hopfield_pebal_ros.node.diagnostics import (
    Limits,
    camera_status,
    diagnostic_array,
    node_status,
    processing_time_status,
)
from hopfield_pebal_ros.node.health import FrameTimes, Health
from tests.node.bench import FakeEngine
from tests.tiny_model import TINY_METADATA

LIMITS = Limits(image_timeout_s=2.0, max_allowed_processing_time_ms=50.0)


def values_of(status):
    return {each.key: each.value for each in status.values}


def health_after(*events, silent_s=0.0):
    clock = [0.0]
    health = Health([''], clock=lambda: clock[0])
    health.received('')
    for name, *arguments in events:
        getattr(health, name)('', *arguments)
    clock[0] = silent_s
    return health.of('')


def published(**changes):
    values = {
        'latency_ms': 21.0, 'processing_ms': 15.0, 'decode_ms': 1.0, 'preprocess_ms': 2.0,
        'inference_ms': 4.0, 'postprocess_ms': 3.0, 'publish_ms': 5.0,
    }  # fmt: skip
    return 'published', FrameTimes(**{**values, **changes})


@pytest.mark.parametrize(
    ('events', 'silent_s', 'level', 'summary'),
    [
        ([published()], 0.0, DiagnosticStatus.OK, 'ok'),
        ([published()], 2.5, DiagnosticStatus.WARN, 'no image for 2.5 s'),
        ([('want', False)], 9.0, DiagnosticStatus.OK, 'idle: nobody listens to a result'),
        ([('rejected', 'too short')], 0.0, DiagnosticStatus.ERROR, 'image rejected: too short'),
        ([('failed', 'lost')], 0.0, DiagnosticStatus.ERROR, 'inference failed: lost'),
        ([('failed', 'lost'), published()], 0.0, DiagnosticStatus.OK, 'ok'),
        ([], 0.0, DiagnosticStatus.OK, 'waiting'),
    ],
)
def test_the_state_of_a_camera(events, silent_s, level, summary):
    health = health_after(*events, silent_s=silent_s)
    status = camera_status(
        health,
        camera='',
        topic='/image',
        threshold=1.5,
        geometry_problem='',
        num_dropped=7,
        limits=LIMITS,
    )
    assert (status.level, status.message) == (level, summary)
    values = values_of(status)
    assert (values['topic'], values['images_dropped'], values['images_received']) == (
        '/image', '7', '1',
    )  # fmt: skip


def test_times_have_autowares_names():
    status = processing_time_status(health_after(published()), limits=LIMITS)
    assert (status.level, status.name) == (DiagnosticStatus.OK, 'processing_time_status')
    assert values_of(status) == {
        'is_processing_time_ms_in_expected_range': 'True',
        'is_consecutive_processing_delay_in_range': 'True',
        'consecutive_processing_delay_ms': '0.00',
        'processing_time_ms': '15.00',
        'pipeline_latency_ms': '21.00',
        'decode_time_ms': '1.00',
        'preprocess_time_ms': '2.00',
        'inference_time_ms': '4.00',
        'postprocess_time_ms': '3.00',
        'publish_time_ms': '5.00',
        **{f'processing_time_ms_p{each}': '15.00' for each in (50, 95, 99)},
        **{f'pipeline_latency_ms_p{each}': '21.00' for each in (50, 95, 99)},
        'images_with_stamp_off_clock': '0',
    }


def test_times_before_the_first_frame_are_not_available():
    values = values_of(processing_time_status(health_after(), limits=LIMITS))
    assert values['inference_time_ms'] == values['pipeline_latency_ms_p99'] == 'n/a'


def test_slow_processing_is_a_warning():
    status = processing_time_status(health_after(published(processing_ms=50.1)), limits=LIMITS)
    assert status.level == DiagnosticStatus.WARN
    assert status.message == 'processing took 50.10 ms, allowed are 50 ms'
    assert values_of(status)['is_processing_time_ms_in_expected_range'] == 'False'


def test_slow_processing_for_too_long_is_an_error():
    health = replace(health_after(published(processing_ms=60.0)), slow_for_ms=501.0)
    limits = replace(LIMITS, max_acceptable_consecutive_delay_ms=500.0)
    status = processing_time_status(health, limits=limits)
    assert status.level == DiagnosticStatus.ERROR
    assert status.message == (
        'processing has taken more than 50 ms for 501 ms, acceptable are 500 ms'
    )
    assert values_of(status)['is_consecutive_processing_delay_in_range'] == 'False'
    status = processing_time_status(replace(health, slow_for_ms=500.0), limits=limits)
    assert status.level == DiagnosticStatus.WARN


def test_no_limit_never_warns():
    limits = Limits(image_timeout_s=2.0, max_allowed_processing_time_ms=0.0)
    status = processing_time_status(health_after(published(processing_ms=1e6)), limits=limits)
    assert status.level == DiagnosticStatus.OK


def test_stamps_of_another_clock_are_explained():
    status = processing_time_status(health_after(published(latency_ms=1e12)), limits=LIMITS)
    assert 'set use_sim_time' in status.message
    values = values_of(status)
    assert values['pipeline_latency_ms'] == values['pipeline_latency_ms_p50'] == 'n/a'
    assert values['processing_time_ms'] != 'n/a'


def test_what_runs_and_why_not():
    detector = AnomalyDetector(FakeEngine(), TINY_METADATA, model_sha256='ab')
    status = node_status(lifecycle_state='inactive', problem='', detector=detector)
    assert (status.level, status.message) == (DiagnosticStatus.OK, 'inactive')
    assert values_of(status) == {
        'lifecycle_state': 'inactive',
        'engine': 'fake',
        'device': 'none',
        'precision': 'fp32',
        'model': 'tiny',
        'model_sha256': 'ab',
        'energy_kind': 'free_energy',
        'energy_unit': 'nat',
        'energy_threshold_of_model': '6',
    }
    status = node_status(lifecycle_state='unconfigured', problem='no file', detector=None)
    assert (status.level, status.message) == (DiagnosticStatus.ERROR, 'no file')


def test_every_status_names_its_node():
    status = node_status(lifecycle_state='active', problem='', detector=None)
    stamp = Time(sec=5)
    message = diagnostic_array([status], node_name='detector', stamp=stamp)
    assert message.header.stamp == stamp
    (found,) = message.status
    assert (found.name, found.hardware_id) == ('detector: node_status', 'detector')
