"""What goes wrong around the node: time that jumps back, stop signals in every state."""

import signal
import subprocess

import numpy as np
import pytest

pytest.importorskip('rclpy')

import rclpy
from builtin_interfaces.msg import Time
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from rclpy.serialization import serialize_message
from rosgraph_msgs.msg import Clock

from tests.node.bench import PICTURE_BGR, FakeEngine, image_message
from tests.node.test_detector_process import PATIENCE_S, end_of, start

RED = np.zeros((64, 128, 3), np.uint8)
RED[..., 2] = 255  # energy 10


def test_a_looped_bag_with_sim_time_goes_on(open_bench):
    bench = open_bench(FakeEngine(), use_sim_time=True, energy_smoothing=0.5)
    bench.activate('energy')
    clock = bench.probe.create_publisher(Clock, '/clock', 10)
    bench.wait(lambda: clock.get_subscription_count())
    assert bench.node._waits_for_clock()
    numbers = [10, 11, 12, 1, 2]  # from the end of the bag back to its start
    for count, number in enumerate(numbers, 1):
        clock.publish(Clock(clock=Time(sec=1000 + number, nanosec=20_000_000)))
        expected_ns = (1000 + number) * 10**9 + 20_000_000
        bench.wait(lambda ns=expected_ns: bench.node.get_clock().now().nanoseconds == ns)
        bench.publish(RED if number in (1, 2) else 0 * RED, number)
        bench.wait(lambda n=count: bench.health().num_published == n)
    assert bench.stamps('energy') == numbers
    assert not bench.node._waits_for_clock()
    found = bench.health()
    assert found.num_off_clock == 0
    assert found.latency_ms[99] == pytest.approx(20, abs=0.001)
    # the first image after the jump is not mixed with the end of the bag
    first = bench.received['energy'][3]
    assert np.frombuffer(first.data, np.float32)[0] == pytest.approx(10)


def test_stamps_out_of_order_keep_their_headers(open_bench):
    bench = open_bench(FakeEngine())
    bench.activate('energy')
    for count, sec in enumerate((500, -3, 2**31 - 1, 0), 1):
        message = image_message(PICTURE_BGR, 0)
        message.header.stamp = Time(sec=sec, nanosec=999_999_999)
        bench.cameras[''].publish(message)
        bench.wait(lambda n=count: len(bench.received['energy']) == n)
        stamp = bench.received['energy'][-1].header.stamp
        assert (stamp.sec, stamp.nanosec) == (sec, 999_999_999)


def test_bytes_that_are_no_image_end_nothing(open_bench):
    """DDS drops them itself, and says so on the terminal."""
    bench = open_bench(FakeEngine())
    bench.activate('energy')
    good = serialize_message(image_message(PICTURE_BGR, 1))
    for cut in (good[:40], b'\0\2\0\0' + good[4:], good[:-1]):
        bench.cameras[''].publish(cut)
        bench.spin_for(0.1)
    bench.publish(PICTURE_BGR, 2)
    bench.wait(lambda: bench.stamps('energy')[-1:] == [2])
    assert bench.health().num_failed == 0


@pytest.mark.usefixtures('ros')
@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_an_inactive_node_with_exit_code_0(tiny_model, number):
    process = start(f'model:={tiny_model}', 'autostart:=false')
    client_node = rclpy.create_node('client')
    client = client_node.create_client(ChangeState, '/detector/change_state')
    try:
        assert client.wait_for_service(PATIENCE_S)
        request = ChangeState.Request(transition=Transition(id=Transition.TRANSITION_CONFIGURE))
        answer = client.call_async(request)
        rclpy.spin_until_future_complete(client_node, answer, timeout_sec=PATIENCE_S)
        assert answer.result().success
    finally:
        client_node.destroy_node()
        process.send_signal(number)
    code, said = end_of(process)
    assert 'configure: done' in said
    assert (code, 'Traceback' in said) == (0, False), said


def test_a_signal_while_it_starts_ends_it_soon(tiny_model):
    """Before its handlers are there the signal ends it as any program."""
    process = start(f'model:={tiny_model}')
    try:
        process.wait(0.3)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGINT)
    code, said = end_of(process)
    assert code in (0, 1, -signal.SIGINT, 128 + signal.SIGINT), said
