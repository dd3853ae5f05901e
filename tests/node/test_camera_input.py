"""The subscription fits the publisher: message type and reliability, over real DDS."""

import cv2
import pytest

pytest.importorskip('rclpy')

from rclpy.context import Context
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import CompressedImage, Image

from tests.node.bench import ARGUMENTS, PICTURE_BGR, FakeEngine, image_message

BEST_EFFORT = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)
RELIABLE = QoSProfile(depth=1, reliability=ReliabilityPolicy.RELIABLE)


@pytest.fixture
def bench(open_bench):
    """A bench whose only camera is the one that a test makes."""
    bench = open_bench(FakeEngine(), image_timeout_s=0.2)
    bench.probe.destroy_publisher(bench.cameras[''])
    return bench


@pytest.fixture
def driver():
    """A node of its own process, as far as DDS can tell: one cannot mix types on a topic."""
    context = Context()
    context.init()
    node = Node('driver', context=context, cli_args=ARGUMENTS)
    yield node
    node.destroy_node()
    context.shutdown()


def compressed(number):
    header = image_message(PICTURE_BGR, number).header
    data = cv2.imencode('.png', PICTURE_BGR)[1].tobytes()
    return CompressedImage(header=header, format='png', data=data)


def test_compressed_images_are_found_by_their_type(bench):
    bench.cameras[''] = bench.probe.create_publisher(CompressedImage, 'image', RELIABLE)
    bench.activate('energy')
    bench.cameras[''].publish(compressed(4))
    bench.wait(lambda: bench.stamps('energy') == [4])


def test_a_camera_that_starts_later_with_another_type_is_found(bench, driver):
    bench.cameras[''] = bench.probe.create_publisher(Image, 'image', RELIABLE)
    bench.activate('energy')
    bench.probe.destroy_publisher(bench.cameras[''])
    camera = driver.create_publisher(CompressedImage, 'image', BEST_EFFORT)
    bench.wait(lambda: camera.get_subscription_count() == 1)
    camera.publish(compressed(5))
    bench.wait(lambda: bench.stamps('energy') == [5])


@pytest.mark.parametrize('qos', [BEST_EFFORT, RELIABLE])
def test_the_reliability_is_that_of_the_publisher(bench, qos):
    bench.cameras[''] = bench.probe.create_publisher(Image, 'image', qos)
    bench.activate('energy')
    bench.wait(
        lambda: (
            bench.node.get_subscriptions_info_by_topic(bench.cameras[''].topic_name)[
                0
            ].qos_profile.reliability
            == qos.reliability
        )
    )


def test_a_publisher_that_comes_back_is_heard_again(bench):
    for number in (1, 2):
        bench.cameras[''] = bench.probe.create_publisher(Image, 'image', RELIABLE)
        if number == 1:
            bench.activate('energy')
        bench.wait(lambda: bench.cameras[''].get_subscription_count() == 1)
        bench.cameras[''].publish(image_message(PICTURE_BGR, number))
        bench.wait(lambda n=number: bench.stamps('energy') == list(range(1, n + 1)))
        bench.probe.destroy_publisher(bench.cameras[''])


def test_a_listener_that_asks_for_too_much_is_told(bench, capfd):
    bench.cameras[''] = bench.probe.create_publisher(Image, 'image', RELIABLE)
    bench.activate()
    late = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
    bench.probe.create_subscription(Image, 'energy', lambda _: None, late)
    bench.spin_for(0.5)
    said = capfd.readouterr().err
    assert 'asks for another quality of service and gets nothing' in said
    assert 'probe (sensor_msgs/msg/Image, reliable, transient local)' in said
