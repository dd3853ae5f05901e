"""The process of a node that starts by itself: from its arguments to its exit code."""

import os
from collections.abc import Callable
from typing import Any

import rclpy
from rclpy.exceptions import ParameterException
from rclpy.signals import SignalHandlerOptions
from rclpy.task import Future

from hopfield_pebal_ros.node.large_buffers import keep_freed_memory
from hopfield_pebal_ros.node.opening import is_left_opening
from hopfield_pebal_ros.node.spinning import hand_over_quickly, open_executor, spin
from hopfield_pebal_ros.node.stop_signals import ignore_stop_signals, on_stop_signal


def run_process(
    make_node: Callable[[Callable[[], bool]], Any], args: list[str] | None = None
) -> int:
    """Run a node until a signal stops it; return the exit code.

    Args:
        make_node: makes the detector node; is given what tells whether a signal came.
        args: command line; None is that of the process.
    """
    rclpy.init(args=args, signal_handler_options=SignalHandlerOptions.NO)
    stopped = Future()
    on_stop_signal(lambda: stopped.set_result(None))
    hand_over_quickly()
    keep_freed_memory()
    try:
        code = _serve(make_node, stopped)
    finally:
        rclpy.shutdown()
        ignore_stop_signals()
    if is_left_opening():
        os._exit(code)
    return code


def _serve(make_node: Callable[[Callable[[], bool]], Any], stopped: Future) -> int:
    try:
        node = make_node(stopped.done)
        executor = open_executor(node.parameters.executor)
    except (ParameterException, ValueError) as error:
        rclpy.logging.get_logger('detector').fatal(f'cannot start: {error}')
        return 1
    try:
        if not node.parameters.autostart:
            node.get_logger().info('waiting for the transition configure (autostart is false)')
        elif not node.autostart() and not stopped.done():
            return 1
        spin(node, executor, stopped)
    finally:
        node.destroy_node()
    return 0
