"""Why no image comes, told from what the ROS graph shows."""

from types import SimpleNamespace

import pytest

pytest.importorskip('rclpy')

from rclpy.qos import ReliabilityPolicy

from hopfield_pebal_ros.node.camera_input import explain_silence


def publisher(kind='sensor_msgs/msg/Image', reliability=ReliabilityPolicy.RELIABLE):
    return SimpleNamespace(
        node_name='driver',
        topic_type=kind,
        qos_profile=SimpleNamespace(reliability=reliability),
    )


@pytest.mark.parametrize(
    ('publishers', 'reliability', 'reason'),
    [
        ([], 'best_effort', 'nobody publishes /cam; start the camera, or remap image'),
        (
            [publisher('sensor_msgs/msg/CompressedImage')],
            'best_effort',
            'not of type sensor_msgs/msg/Image; it is published by driver '
            '(sensor_msgs/msg/CompressedImage)',
        ),
        (
            [publisher(reliability=ReliabilityPolicy.BEST_EFFORT)],
            'reliable',
            'set image_reliability to best_effort',
        ),
        ([publisher()], 'best_effort', 'set image_reliability to reliable'),
        ([publisher()], 'reliable', 'driver (sensor_msgs/msg/Image), but they send nothing'),
    ],
)
def test_the_reason_and_the_remedy(publishers, reliability, reason):
    assert reason in explain_silence('/cam', publishers, reliability=reliability)
