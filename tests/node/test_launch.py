"""The launch file: described arguments, and the node that it starts; needs ROS's launch."""

import importlib.util
from pathlib import Path

import pytest

pytest.importorskip('launch_ros', exc_type=ImportError)

from launch import LaunchContext
from launch.actions import DeclareLaunchArgument

ROOT = Path(__file__).parents[2]
DEFAULTS = {
    'image_topic': 'image_raw',
    'model': '',
    'backend': '',
    'params_file': str(ROOT / 'config' / 'detector.yaml'),
    'namespace': '',
    'use_sim_time': 'false',
    'autostart': '',
    'log_level': 'info',
}


@pytest.fixture
def launch_file(monkeypatch):
    spec = importlib.util.spec_from_file_location('_', ROOT / 'launch' / 'detector.launch.py')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, 'get_package_share_directory', lambda _: str(ROOT))
    return module


def parameters_of(launch_file, **given):
    """Return the parameters that win over the file."""
    context = LaunchContext()
    context.launch_configurations.update({**DEFAULTS, **given})
    made = {}
    launch_file.Node = lambda **arguments: made.update(arguments)
    launch_file._detector(context)
    assert made['executable'] == 'detector_node'
    return made['parameters'][1]


def test_the_arguments_are_described_and_have_defaults(launch_file):
    declared = [
        each
        for each in launch_file.generate_launch_description().entities
        if isinstance(each, DeclareLaunchArgument)
    ]
    context = LaunchContext()
    found = {
        each.name: ''.join(part.perform(context) for part in each.default_value)
        for each in declared
    }
    assert found == DEFAULTS
    assert all(each.description.count('.') for each in declared)


def test_only_what_is_given_wins_over_the_file(launch_file):
    assert parameters_of(launch_file) == {'use_sim_time': False}
    assert parameters_of(
        launch_file, model='/m.onnx', backend='onnxruntime', autostart='false', use_sim_time='true'
    ) == {
        'model': '/m.onnx',
        'backend': 'onnxruntime',
        'autostart': False,
        'use_sim_time': True,
    }
