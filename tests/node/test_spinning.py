"""Callbacks are served until the stop, whatever one of them raises."""

import sys
import threading
import time

import pytest

pytest.importorskip('rclpy')

import rclpy
from rclpy.task import Future

from hopfield_pebal_ros.node.spinning import hand_over_quickly, open_executor, spin


@pytest.mark.usefixtures('ros')
def test_what_a_callback_raises_ends_nothing():
    node = rclpy.create_node('spinning')
    executor = open_executor('single')
    stopped = Future()
    calls = []

    def call():
        calls.append(1)
        if len(calls) < 3:
            raise ValueError('told and forgotten')
        stopped.set_result(None)

    node.create_timer(0.01, call)
    spin(node, executor, stopped)
    node.destroy_node()
    assert len(calls) >= 3


def test_a_thread_that_was_woken_runs_soon_beside_a_busy_one():
    """With Python's own interval it waits 5 ms for each of its turns."""
    interval_s = sys.getswitchinterval()
    hand_over_quickly()
    try:
        go_on = threading.Event()
        busy = threading.Thread(target=lambda: [None for _ in iter(go_on.is_set, True)])
        busy.start()
        start_s = time.thread_time()
        waits_s = []
        for _ in range(50):
            asked_s = time.perf_counter()
            time.sleep(0)  # lets go of the interpreter, and wants it back
            waits_s.append(time.perf_counter() - asked_s)
        go_on.set()
        busy.join()
        assert sorted(waits_s)[5] < 2e-3
        assert time.thread_time() - start_s < 1
    finally:
        sys.setswitchinterval(interval_s)
