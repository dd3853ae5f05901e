"""How a camera is subscribed to and why no image comes, told from what the ROS graph shows."""

from types import SimpleNamespace

import pytest

pytest.importorskip('rclpy')

from rclpy.qos import DurabilityPolicy, ReliabilityPolicy

from hopfield_pebal_ros.node.input_choice import (
    InputChoice,
    choose_input,
    explain_refused_listeners,
    explain_silence,
)

RAW, COMPRESSED = 'sensor_msgs/msg/Image', 'sensor_msgs/msg/CompressedImage'
BEST_EFFORT, RELIABLE = ReliabilityPolicy.BEST_EFFORT, ReliabilityPolicy.RELIABLE


def endpoint(kind=RAW, reliability=RELIABLE):
    return SimpleNamespace(
        node_name='driver',
        topic_type=kind,
        qos_profile=SimpleNamespace(
            reliability=reliability, durability=DurabilityPolicy.TRANSIENT_LOCAL
        ),
    )


@pytest.mark.parametrize(
    ('publishers', 'expected'),
    [
        ([], ('raw', 'best_effort')),
        ([endpoint()], ('raw', 'reliable')),
        ([endpoint(), endpoint(RAW, BEST_EFFORT)], ('raw', 'best_effort')),
        ([endpoint(COMPRESSED)], ('compressed', 'reliable')),
        ([endpoint(COMPRESSED), endpoint(RAW, BEST_EFFORT)], ('raw', 'best_effort')),
        ([endpoint('std_msgs/msg/String')], ('raw', 'best_effort')),
    ],
)
def test_auto_takes_what_is_published(publishers, expected):
    assert choose_input(publishers, transport='auto', reliability='auto') == InputChoice(*expected)


def test_what_is_asked_for_is_kept():
    found = choose_input([endpoint()], transport='compressed', reliability='best_effort')
    assert found == InputChoice('compressed', 'best_effort')


@pytest.mark.parametrize(
    ('publishers', 'choice', 'reason'),
    [
        ([], ('raw', 'best_effort'), 'nobody publishes /cam; start the camera, or remap image'),
        (
            [endpoint(COMPRESSED)],
            ('raw', 'best_effort'),
            'not of type sensor_msgs/msg/Image; it is published by driver '
            '(sensor_msgs/msg/CompressedImage, reliable, transient local); set image_transport',
        ),
        (
            [endpoint(RAW, BEST_EFFORT)],
            ('raw', 'reliable'),
            'set image_reliability to best_effort or auto',
        ),
        ([endpoint()], ('raw', 'best_effort'), 'set image_reliability to reliable'),
        (
            [endpoint()],
            ('raw', 'reliable'),
            'driver (sensor_msgs/msg/Image, reliable, transient local), but they send nothing',
        ),
    ],
)
def test_the_reason_and_the_remedy(publishers, choice, reason):
    assert reason in explain_silence('/cam', publishers, InputChoice(*choice))


def test_a_subscriber_that_asks_for_too_much_is_named():
    text = explain_refused_listeners('/energy', [endpoint()])
    assert 'driver (sensor_msgs/msg/Image, reliable, transient local)' in text
    assert 'published as volatile, and as reliable unless' in text
    assert 'qos_overrides./energy.publisher.reliability' in text
