"""The launch file: described arguments, and the node that it starts; needs ROS's launch."""

import importlib.util
from pathlib import Path

import pytest

pytest.importorskip('launch_ros', exc_type=ImportError)

from launch import LaunchContext
from launch.actions import DeclareLaunchArgument

ROOT = Path(__file__).parents[2]
DEFAULTS = {
    'cameras': '',
    'image_topic': 'image_raw',
    'model': '',
    'backend': '',
    'params_file': str(ROOT / 'config' / 'detector.yaml'),
    'namespace': '',
    'use_sim_time': 'false',
    'autostart': '',
    'rviz': 'false',
    'log_level': 'info',
}


@pytest.fixture
def launch_file(monkeypatch):
    spec = importlib.util.spec_from_file_location('_', ROOT / 'launch' / 'detector.launch.py')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, 'get_package_share_directory', lambda _: str(ROOT))
    return module


def node_of(launch_file, **given):
    """Return the arguments of the node."""
    context = LaunchContext()
    context.launch_configurations.update({**DEFAULTS, **given})
    made = {}
    launch_file.Node = lambda **arguments: made.update(arguments)
    launch_file._detector(context)
    assert made['executable'] == 'detector_node'
    return made


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
    assert node_of(launch_file)['parameters'][1] == {'use_sim_time': False}
    given = node_of(
        launch_file,
        model='/m.onnx',
        backend='onnxruntime',
        autostart='false',
        use_sim_time='true',
        cameras='front, left',
    )
    assert given['parameters'][1] == {
        'model': '/m.onnx',
        'backend': 'onnxruntime',
        'autostart': False,
        'use_sim_time': True,
        'cameras': ['front', 'left'],
    }


@pytest.mark.parametrize(
    ('cameras', 'topic', 'expected'),
    [
        ('', 'image_raw', {'image': 'image_raw', 'image/camera_info': 'camera_info'}),
        ('', '/cam/image', {'image': '/cam/image', 'image/camera_info': '/cam/camera_info'}),
        (
            '',
            '/cam/image/compressed',
            {'image': '/cam/image/compressed', 'image/camera_info': '/cam/camera_info'},
        ),
        (
            'front,left',
            'image_raw',
            {
                'front/image': 'front/image_raw',
                'front/image/camera_info': 'front/camera_info',
                'left/image': 'left/image_raw',
                'left/image/camera_info': 'left/camera_info',
            },
        ),
        (
            'front',
            '/sensors/{camera}/rgb',
            {
                'front/image': '/sensors/front/rgb',
                'front/image/camera_info': '/sensors/front/camera_info',
            },
        ),
    ],
)
def test_where_images_come_from(launch_file, cameras, topic, expected):
    made = node_of(launch_file, cameras=cameras, image_topic=topic)
    assert dict(made['remappings']) == expected
