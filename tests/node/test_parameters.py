"""The parameter table against its file, its descriptors, and what it refuses."""

import math
from pathlib import Path

import pytest

pytest.importorskip('rclpy')

import rclpy
import yaml
from rclpy.exceptions import InvalidParameterValueException
from rclpy.node import Node
from rclpy.parameter import Parameter

from hopfield_pebal_ros.inference.engine import Tuning
from hopfield_pebal_ros.node.parameter_table import declare, descriptor, reason_to_refuse
from hopfield_pebal_ros.node.parameters import PARAMETERS, Parameters

FILE = Path(__file__).parents[2] / 'config' / 'detector.yaml'
NAMES = list(PARAMETERS)


def file_values() -> dict:
    return yaml.safe_load(FILE.read_text('utf-8'))['/**']['ros__parameters']


def is_same(value, other) -> bool:
    value, other = (tuple(each) if isinstance(each, list) else each for each in (value, other))
    both_nan = isinstance(value, float) and math.isnan(value) and math.isnan(other)
    return type(value) is type(other) and (both_nan or value == other)


def test_the_file_has_every_parameter_with_its_default():
    defaults = vars(Parameters())
    assert set(file_values()) == set(defaults)
    assert [
        name for name, value in file_values().items() if not is_same(value, defaults[name])
    ] == []


@pytest.mark.usefixtures('ros')
def test_ros_reads_the_file_as_we_do():
    node = Node('detector', cli_args=['--ros-args', '--params-file', str(FILE)])
    try:
        declare(node, PARAMETERS)
        read = vars(Parameters.read_from(node))
    finally:
        node.destroy_node()
    assert all(is_same(read[name], value) for name, value in file_values().items())


@pytest.mark.parametrize('name', NAMES)
def test_every_parameter_says_what_it_is_and_when_it_is_read(name):
    found = descriptor(PARAMETERS[name])
    assert found.description[0].isupper()
    assert found.description.endswith('.')
    assert found.read_only == ('when the process starts' in found.description)


@pytest.mark.parametrize('suffix', ['_s', '_ms', '_hz', '_px', '_m', '_deg'])
def test_quantities_have_their_unit_in_the_description(suffix):
    unit = {
        '_s': '[s]',
        '_ms': '[ms]',
        '_hz': '[Hz]',
        '_m': '[m]',
        '_deg': '[deg]',
        '_px': '[camera px]',
    }[suffix]
    quantities = [name for name in NAMES if name.endswith(suffix)]
    assert quantities
    assert all(unit in descriptor(PARAMETERS[name]).description for name in quantities)


def test_ranges_and_choices_are_in_the_descriptor():
    (alpha,) = descriptor(PARAMETERS['overlay_label_alpha']).floating_point_range
    assert (alpha.from_value, alpha.to_value) == (0.0, 1.0)
    (threads,) = descriptor(PARAMETERS['num_threads']).integer_range
    assert (threads.from_value, threads.to_value) == (0, 1024)
    assert (
        descriptor(PARAMETERS['image_converter']).additional_constraints
        == "one of 'builtin', 'cv_bridge'"
    )


@pytest.mark.usefixtures('ros')
def test_a_value_out_of_range_at_the_start_is_refused():
    node = Node('detector', parameter_overrides=[Parameter('num_threads', value=-1)])
    try:
        with pytest.raises(InvalidParameterValueException, match='num_threads out of range'):
            declare(node, PARAMETERS)
    finally:
        node.destroy_node()


@pytest.mark.usefixtures('ros')
def test_none_of_the_choices_at_the_start_is_refused():
    node = Node('detector', parameter_overrides=[Parameter('precision', value='fp64')])
    try:
        with pytest.raises(ValueError, match=r"precision must be one of '', 'fp32'.* got 'fp64'"):
            declare(node, PARAMETERS)
    finally:
        node.destroy_node()
    assert rclpy.ok()


@pytest.mark.parametrize(
    ('name', 'value', 'is_configured', 'reason'),
    [
        ('model', '/other.onnx', False, ''),
        ('model', '/other.onnx', True, 'model is in use since the transition configure'),
        ('max_rate_hz', 5.0, True, ''),
        ('energy_threshold', math.nan, True, ''),
        ('energy_threshold', -math.inf, True, 'energy_threshold must be finite, got -inf'),
        ('backend', 'tpu', False, "backend must be one of 'openvino', 'onnxruntime', 'tensorrt'"),
        ('use_sim_time', True, True, ''),
    ],
)
def test_what_is_refused_and_why(name, value, is_configured, reason):
    found = reason_to_refuse([(name, value)], PARAMETERS, is_configured=is_configured)
    assert found.startswith(reason)
    assert bool(found) == bool(reason)


@pytest.mark.parametrize(
    ('value', 'reason'),
    [
        (math.nan, ''),
        (0.5, ''),
        (1.5, 'target_false_positive_rate must be NaN, or 0 to 1, got 1.5'),
        (-0.1, 'target_false_positive_rate must be NaN, or 0 to 1, got -0.1'),
    ],
)
def test_a_range_that_allows_nan(value, reason):
    name = 'target_false_positive_rate'
    assert reason_to_refuse([(name, value)], PARAMETERS, is_configured=True) == reason
    assert descriptor(PARAMETERS[name]).additional_constraints == 'NaN, or 0 to 1'


def test_what_the_engine_is_opened_with():
    plain = Parameters().engine_options()
    assert plain['precision'] is None
    assert plain['tuning'] == Tuning()
    changed = Parameters(
        cameras=('front', 'left'),
        precision='bf16',
        num_threads=3,
        performance_mode='throughput',
        num_streams=2,
        cache_folder='~/models',
        max_batch_size=8,
    ).engine_options()
    assert changed['precision'] == 'bf16'
    assert changed['tuning'] == Tuning(
        num_threads=3,
        performance_mode='throughput',
        num_streams=2,
        cache_folder=Path('~/models').expanduser(),
    )
    assert changed['max_batch_size'] == 2  # a batch has each camera once at most
