"""Newest frame wins, and no message or engine ends the node; over real DDS."""

import time

import pytest

pytest.importorskip('rclpy')

from diagnostic_msgs.msg import DiagnosticStatus
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from tests.node.bench import PICTURE_BGR, FakeEngine


def test_a_slow_engine_gets_the_newest_frame_and_none_twice(open_bench):
    engine = FakeEngine()
    bench = open_bench(engine)
    bench.activate('energy')
    engine.may_run.clear()
    bench.publish(PICTURE_BGR, 0)
    bench.wait(lambda: engine.num_runs == 1)
    for number in range(1, 10):
        bench.publish(PICTURE_BGR, number)
        bench.wait(lambda n=number: bench.health().num_received == n + 1)
    engine.may_run.set()
    bench.wait(lambda: len(bench.received['energy']) == 2)
    bench.spin_for(0.2)
    assert bench.stamps('energy') == [0, 9]
    assert engine.num_runs == 2
    values = bench.values('camera_status')
    assert values['images_received'] == '10'
    assert values['images_published'] == '2'
    assert values['images_dropped'] == '8'


def test_the_rate_limit_is_kept(open_bench):
    engine = FakeEngine()
    bench = open_bench(engine, max_rate_hz=5.0)
    bench.activate('energy')
    start_s = time.monotonic()
    for number in range(40):
        bench.publish(PICTURE_BGR, number)
        bench.spin_for(0.02)
    seconds = time.monotonic() - start_s
    assert 3 <= engine.num_runs <= 1 + 5 * seconds


def test_without_a_listener_the_camera_is_not_subscribed_to(open_bench):
    engine = FakeEngine()
    bench = open_bench(engine, image_timeout_s=0.2)
    bench.activate()
    bench.spin_for(0.5)
    assert bench.cameras[''].get_subscription_count() == 0
    assert bench.node.count_subscribers('image') == 0
    status = bench.status('camera_status')
    assert status.level == DiagnosticStatus.OK
    assert status.message == 'idle: nobody listens to a result'
    assert engine.num_runs == 0


def test_the_camera_is_let_go_when_the_last_listener_leaves(open_bench):
    bench = open_bench(FakeEngine())
    bench.activate('energy')
    bench.publish(PICTURE_BGR, 1)
    bench.wait(lambda: bench.received['energy'])
    bench.stop_listening()
    bench.wait(lambda: bench.cameras[''].get_subscription_count() == 0)
    assert bench.health().state == 'idle'
    bench.listen('energy')
    bench.publish(PICTURE_BGR, 2)
    bench.wait(lambda: bench.stamps('energy') == [1, 2])


BAD_MESSAGES = {
    "unknown encoding 'jpeg'": Image(height=2, width=2, encoding='jpeg', step=6, data=bytes(12)),
    'has no pixels': Image(encoding='bgr8'),
    '11 bytes of data': Image(height=2, width=2, encoding='bgr8', step=6, data=bytes(11)),
    'a row needs at least 6': Image(height=2, width=2, encoding='bgr8', step=5, data=bytes(12)),
}


def test_bad_messages_are_counted_with_their_reason_and_the_next_image_works(open_bench):
    bench = open_bench()
    bench.activate('energy')
    for number, (reason, message) in enumerate(BAD_MESSAGES.items(), 1):
        message.header = Header(frame_id='bad')
        bench.cameras[''].publish(message)
        bench.wait(lambda n=number: bench.health().num_rejected == n)
        status = bench.status('camera_status')
        assert status.level == DiagnosticStatus.ERROR
        assert reason in status.message
    bench.publish(PICTURE_BGR, 1)
    bench.wait(lambda: bench.received['energy'])
    assert bench.stamps('energy') == [1]
    status = bench.status('camera_status')
    assert (status.level, status.message) == (DiagnosticStatus.OK, 'ok')
    assert bench.values('camera_status')['images_rejected'] == '4'


def test_a_failing_engine_is_an_error_until_a_frame_works(open_bench):
    engine = FakeEngine()
    bench = open_bench(engine)
    bench.activate('energy')
    engine.error = RuntimeError('device lost')
    bench.publish(PICTURE_BGR, 1)
    bench.wait(lambda: bench.health().num_failed == 1)
    status = bench.status('camera_status')
    assert status.level == DiagnosticStatus.ERROR
    assert status.message == 'inference failed: RuntimeError: device lost'
    engine.error = None
    bench.publish(PICTURE_BGR, 2)
    bench.wait(lambda: bench.received['energy'])
    assert bench.status('camera_status').level == DiagnosticStatus.OK
    assert bench.stamps('energy') == [2]
