"""Parameters, diagnostics and names of the running node, over real DDS."""

import hashlib
import re
import time

import numpy as np
import pytest

pytest.importorskip('rclpy')

from diagnostic_msgs.msg import DiagnosticStatus
from rclpy.parameter import Parameter
from sensor_msgs.msg import Image

from hopfield_pebal_ros.node.detector_node import DetectorNode
from tests.node.bench import PICTURE_BGR, array_of


def test_silence_is_a_warning(open_bench):
    bench = open_bench(image_timeout_s=0.2)
    bench.activate('energy')
    bench.spin_for(0.3)
    status = bench.status('camera_status')
    assert status.level == DiagnosticStatus.WARN
    assert status.message.startswith('no image for 0.')


def test_a_new_threshold_changes_the_mask(open_bench):
    bench = open_bench()
    bench.activate('anomaly_mask')
    picture = np.full((64, 128, 3), 102, np.uint8)  # energy 4
    for number, (threshold, expected) in enumerate([(3.5, 255), (4.5, 0), (float('nan'), 0)]):
        assert bench.set_parameter('energy_threshold', threshold).successful
        bench.publish(picture, number)
        bench.wait(lambda n=number: len(bench.received['anomaly_mask']) > n)
        assert (array_of(bench.received['anomaly_mask'][number]) == expected).all()
    assert bench.values('camera_status')['energy_threshold'] == '6'  # the model's own


def test_a_false_positive_rate_sets_the_threshold_of_the_model(open_bench):
    bench = open_bench()
    bench.activate()
    assert bench.set_parameter('energy_threshold', 3.0).successful
    refused = bench.set_parameter('target_false_positive_rate', 0.01)
    assert 'cannot both be set' in refused.reason
    assert bench.set_parameter('energy_threshold', float('nan')).successful
    assert bench.set_parameter('target_false_positive_rate', 0.01).successful
    assert bench.values('camera_status')['energy_threshold'] == '6'


@pytest.mark.parametrize(
    ('name', 'value', 'reason'),
    [
        ('overlay_label_alpha', 1.5, 'Max: 1.0, value: 1.5'),
        ('energy_threshold', float('inf'), 'energy_threshold must be finite'),
        ('backend', 'tpu', "one of 'openvino', 'onnxruntime'.*got 'tpu'"),
        ('device', 'GPU', 'in use since the transition configure; deactivate'),
        ('energy_threshold', 'low', 'Wrong parameter type'),
        (
            'target_false_positive_rate',
            0.5,
            r'between the rates fitted in the model file \(0.01\)',
        ),
        ('target_false_positive_rate', 2.0, 'must be NaN, or 0 to 1, got 2'),
    ],
)
def test_a_parameter_is_refused_with_the_reason(open_bench, name, value, reason):
    bench = open_bench()
    bench.activate()
    before = bench.node.parameters
    result = bench.set_parameter(name, value)
    assert not result.successful
    assert re.search(reason, result.reason)
    assert bench.node.parameters is before


def test_diagnostics_tell_what_runs(open_bench, tiny_model):
    bench = open_bench(backend='onnxruntime')
    assert bench.values('node_status') == {'lifecycle_state': 'unconfigured'}
    bench.activate('energy')
    bench.publish(PICTURE_BGR, 0)
    bench.wait(lambda: bench.received['energy'])
    values = bench.values('node_status')
    assert values['lifecycle_state'] == 'active'
    assert (values['engine'], values['device']) == ('onnxruntime', 'CPU')
    assert (values['precision'], values['energy_unit']) == ('fp32', 'nat')
    assert values['model_sha256'] == hashlib.sha256(tiny_model.read_bytes()).hexdigest()
    times = bench.values('processing_time_status')
    stages = ('decode', 'preprocess', 'inference', 'postprocess', 'publish')
    total_ms = sum(float(times[f'{stage}_time_ms']) for stage in stages)
    assert total_ms <= float(times['processing_time_ms']) + 0.05
    assert times['is_processing_time_ms_in_expected_range'] == 'True'
    assert times['images_with_stamp_off_clock'] == '1'  # stamped in 1970


def test_two_thresholds_at_the_start_are_refused(open_bench):
    with pytest.raises(ValueError, match='cannot both be set'):
        open_bench(energy_threshold=3.0, target_false_positive_rate=0.01)


def test_a_rate_that_was_not_fitted_fails_configure_with_the_reason(open_bench):
    bench = open_bench(target_false_positive_rate=0.3)
    assert not bench.node.autostart()
    bench.spin_for(0.3)
    status = bench.status('node_status')
    assert 'configure failed: target_false_positive_rate must be between' in status.message
    assert bench.node.count_publishers('energy') == 0


@pytest.mark.usefixtures('ros')
def test_topics_are_relative_and_remappable(tiny_model):
    node = DetectorNode(
        namespace='/robot',
        cli_args=['--ros-args', '-r', 'image:=front/image_raw', '-r', 'energy:=/heat'],
        parameter_overrides=[Parameter('model', value=str(tiny_model))],
    )
    try:
        assert node.autostart()
        listener = node.create_subscription(Image, '/heat', lambda _: None, 1)
        while not node._cameras[''].outputs.wanted():
            time.sleep(0.01)
        node._update_inputs()
        subscribed = dict(node.get_subscriber_names_and_types_by_node('detector', '/robot'))
        published = dict(node.get_publisher_names_and_types_by_node('detector', '/robot'))
    finally:
        node.destroy_subscription(listener)
        node.destroy_node()
    assert '/robot/front/image_raw' in subscribed
    assert {'/heat', '/robot/segmentation', '/robot/overlay', '/diagnostics'} <= set(published)
