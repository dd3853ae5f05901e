"""ros2 launch hopfield_pebal_ros detector.launch.py: the detector on one or many cameras."""

from pathlib import Path
from typing import Any

from ament_index_python.packages import get_package_share_directory
from launch import LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch.conditions import IfCondition
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

PACKAGE = 'hopfield_pebal_ros'

ARGUMENTS = (
    (
        'cameras',
        '',
        None,
        'Names of the cameras, as in cameras:=front,left; empty is one camera without a name, or '
        'what params_file says.',
    ),
    (
        'image_topic',
        'image_raw',
        None,
        'Topic of the camera images, sensor_msgs Image or CompressedImage. Of named cameras it '
        'lies below the name (front/image_raw), or has {camera} in the place of the name, as in '
        '/sensors/{camera}/image_raw.',
    ),
    (
        'model',
        '',
        None,
        'Deployable ONNX file; empty is what params_file says, by default the bundled model.',
    ),
    (
        'backend',
        '',
        ('', 'openvino', 'onnxruntime', 'tensorrt'),
        'Inference runtime; empty is what params_file says.',
    ),
    ('params_file', '{config}/detector.yaml', None, 'Parameters of the node.'),
    ('namespace', '', None, 'Namespace of node and topics.'),
    (
        'use_sim_time',
        'false',
        ('true', 'false'),
        'Take the time from /clock, for a replayed bag.',
    ),
    (
        'autostart',
        '',
        ('', 'true', 'false'),
        'Configure and activate at the start; false waits for lifecycle transitions; empty is '
        'what params_file says.',
    ),
    ('rviz', 'false', ('true', 'false'), 'Start RViz with the layout of one camera.'),
    (
        'log_level',
        'info',
        None,
        'Least severe messages to log: debug, info, warn, error or fatal.',
    ),
)
"""Name, default, choices (None: any) and description."""


def generate_launch_description() -> LaunchDescription:
    config = Path(get_package_share_directory(PACKAGE)) / 'config'
    arguments = [
        DeclareLaunchArgument(
            name,
            default_value=default.replace('{config}', str(config)),
            choices=choices,
            description=description,
        )
        for name, default, choices, description in ARGUMENTS
    ]
    return LaunchDescription([*arguments, OpaqueFunction(function=_detector), _rviz(config)])


def _rviz(config: Path) -> Node:
    return Node(
        package='rviz2',
        executable='rviz2',
        namespace=LaunchConfiguration('namespace'),
        arguments=['-d', str(config / 'detector.rviz')],
        condition=IfCondition(LaunchConfiguration('rviz')),
    )


def _detector(context: LaunchContext) -> list[Node]:
    """Return the node; it starts by itself, so that no event can be missed by the launch."""
    given = {
        name: LaunchConfiguration(name).perform(context)
        for name in ('model', 'backend', 'autostart', 'cameras', 'image_topic')
    }
    parameters: dict[str, Any] = {
        name: given[name] for name in ('model', 'backend') if given[name]
    }
    parameters['use_sim_time'] = LaunchConfiguration('use_sim_time').perform(context) == 'true'
    if given['autostart']:
        parameters['autostart'] = given['autostart'] == 'true'
    cameras = [name.strip() for name in given['cameras'].split(',') if name.strip()]
    if cameras:
        parameters['cameras'] = cameras
    return [
        Node(
            package=PACKAGE,
            executable='detector_node',
            namespace=LaunchConfiguration('namespace'),
            parameters=[LaunchConfiguration('params_file'), parameters],
            remappings=_remappings(cameras, given['image_topic']),
            ros_arguments=['--log-level', LaunchConfiguration('log_level')],
            output='screen',
        )
    ]


def _remappings(cameras: list[str], image_topic: str) -> list[tuple[str, str]]:
    """Return where each camera's images come from, and its camera_info beside them."""
    found = []
    for camera in cameras or ['']:
        topic = image_topic.replace('{camera}', camera)
        if camera and topic == image_topic:
            topic = f'{camera}/{image_topic}'
        # image_transport's rule; a compressed topic lies one level deeper
        folder = topic.removesuffix('/compressed').rpartition('/')[0]
        info = f'{folder}/camera_info' if '/' in topic else 'camera_info'
        prefix = f'{camera}/' if camera else ''
        found += [(f'{prefix}image', topic), (f'{prefix}image/camera_info', info)]
    return found
