"""ros2 launch hopfield_pebal_ros detector.launch.py image_topic:=/camera/image_raw."""

from pathlib import Path

from ament_index_python.packages import get_package_share_directory
from launch import LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue

PACKAGE = 'hopfield_pebal_ros'


def generate_launch_description() -> LaunchDescription:
    """Describe the arguments, and start one detector node."""
    params_file = Path(get_package_share_directory(PACKAGE)) / 'config' / 'detector.yaml'
    return LaunchDescription(
        [
            DeclareLaunchArgument(
                'image_topic', default_value='image_raw', description='Camera images to read.'
            ),
            DeclareLaunchArgument(
                'model',
                default_value='',
                description='Deployable ONNX file. Empty: as params_file says, and if that says '
                'nothing, the bundled default model.',
            ),
            DeclareLaunchArgument(
                'backend',
                default_value='',
                choices=['', 'openvino', 'onnxruntime', 'tensorrt'],
                description='Inference runtime; no other takes its place. Empty: as params_file '
                'says.',
            ),
            DeclareLaunchArgument(
                'params_file',
                default_value=str(params_file),
                description='YAML file with the parameters of the node.',
            ),
            DeclareLaunchArgument(
                'namespace', default_value='', description='Namespace of the node and its topics.'
            ),
            DeclareLaunchArgument(
                'use_sim_time',
                default_value='false',
                choices=['true', 'false'],
                description='Take the time from /clock, as when a bag is replayed.',
            ),
            DeclareLaunchArgument(
                'autostart',
                default_value='',
                choices=['', 'true', 'false'],
                description='Configure and activate the node by itself. Empty: as params_file '
                'says.',
            ),
            DeclareLaunchArgument(
                'log_level',
                default_value='info',
                choices=['debug', 'info', 'warn', 'error', 'fatal'],
                description='Lowest severity that the node logs.',
            ),
            OpaqueFunction(function=_detector),
        ]
    )


def _detector(context: LaunchContext) -> list[Node]:
    """Return the node; an argument overrides the parameter file only where it was given."""
    overrides = {'use_sim_time': _parameter('use_sim_time', bool)}
    for name, value_type in (('model', str), ('backend', str), ('autostart', bool)):
        if LaunchConfiguration(name).perform(context):
            overrides[name] = _parameter(name, value_type)
    return [
        Node(
            package=PACKAGE,
            executable='detector_node',
            name='detector',
            namespace=LaunchConfiguration('namespace'),
            parameters=[LaunchConfiguration('params_file'), overrides],
            remappings=[('image', LaunchConfiguration('image_topic'))],
            arguments=['--ros-args', '--log-level', LaunchConfiguration('log_level')],
            output='screen',
            emulate_tty=True,
        )
    ]


def _parameter(name: str, value_type: type) -> ParameterValue:
    return ParameterValue(LaunchConfiguration(name), value_type=value_type)
