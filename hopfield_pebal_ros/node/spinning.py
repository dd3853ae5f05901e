"""Serve a node's callbacks until it is stopped, on the executor that was chosen."""

import importlib
import sys
import traceback
from typing import Any, Final

from rclpy.executors import SingleThreadedExecutor
from rclpy.task import Future

_SWITCH_INTERVAL_S: Final = 5e-5


def hand_over_quickly() -> None:
    """Let the worker have the interpreter soon after an image came, for the whole process.

    Python's own 5 ms would pass wherever the executor's thread is busy at that moment.
    """
    sys.setswitchinterval(_SWITCH_INTERVAL_S)


def open_executor(name: str) -> Any:
    """Return an executor.

    Args:
        name: 'single' or 'events'.

    Raises:
        ValueError: this rclpy has no EventsExecutor.
    """
    if name == 'single':
        return SingleThreadedExecutor()
    try:
        return importlib.import_module('rclpy.experimental').EventsExecutor()
    except (ImportError, AttributeError) as error:
        raise ValueError(
            f'executor is events, and this rclpy has no EventsExecutor ({error}); set it to single'
        ) from None


def spin(node: Any, executor: Any, stopped: Future) -> None:
    """Serve callbacks until stopped; what one of them raises is logged and ends nothing."""
    executor.add_node(node)
    while not stopped.done():
        try:
            executor.spin_until_future_complete(stopped)
        except Exception:
            node.get_logger().error(traceback.format_exc(), throttle_duration_sec=1)
    executor.shutdown()
