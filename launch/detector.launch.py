"""ros2 launch hopfield_pebal_ros detector.launch.py: the detector on one camera."""

from pathlib import Path
from typing import Any

from ament_index_python.packages import get_package_share_directory
from launch import LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

PACKAGE = 'hopfield_pebal_ros'


def generate_launch_description() -> LaunchDescription:
    parameters = Path(get_package_share_directory(PACKAGE)) / 'config' / 'detector.yaml'
    return LaunchDescription(
        [
            DeclareLaunchArgument(
                'image_topic',
                default_value='image_raw',
                description='Topic of the camera images, sensor_msgs/msg/Image.',
            ),
            DeclareLaunchArgument(
                'model',
                default_value='',
                description='Deployable ONNX file; empty is what params_file says, by default the '
                'bundled model.',
            ),
            DeclareLaunchArgument(
                'backend',
                default_value='',
                choices=['', 'openvino', 'onnxruntime', 'tensorrt'],
                description='Inference runtime; empty is what params_file says.',
            ),
            DeclareLaunchArgument(
                'params_file',
                default_value=str(parameters),
                description='Parameters of the node.',
            ),
            DeclareLaunchArgument(
                'namespace', default_value='', description='Namespace of node and topics.'
            ),
            DeclareLaunchArgument(
                'use_sim_time',
                default_value='false',
                choices=['true', 'false'],
                description='Take the time from /clock, for a replayed bag.',
            ),
            DeclareLaunchArgument(
                'autostart',
                default_value='',
                choices=['', 'true', 'false'],
                description='Configure and activate at the start; false waits for lifecycle '
                'transitions; empty is what params_file says.',
            ),
            DeclareLaunchArgument(
                'log_level',
                default_value='info',
                description='Least severe messages to log: debug, info, warn, error or fatal.',
            ),
            OpaqueFunction(function=_detector),
        ]
    )


def _detector(context: LaunchContext) -> list[Node]:
    """Return the node; it starts by itself, so that no event can be missed by the launch."""
    given = {
        name: LaunchConfiguration(name).perform(context)
        for name in ('model', 'backend', 'autostart')
    }
    parameters: dict[str, Any] = {name: value for name, value in given.items() if value}
    parameters['use_sim_time'] = LaunchConfiguration('use_sim_time').perform(context) == 'true'
    if given['autostart']:
        parameters['autostart'] = given['autostart'] == 'true'
    return [
        Node(
            package=PACKAGE,
            executable='detector_node',
            namespace=LaunchConfiguration('namespace'),
            parameters=[LaunchConfiguration('params_file'), parameters],
            remappings=[('image', LaunchConfiguration('image_topic'))],
            ros_arguments=['--log-level', LaunchConfiguration('log_level')],
            output='screen',
        )
    ]
