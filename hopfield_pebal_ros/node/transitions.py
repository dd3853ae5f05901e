"""Lifecycle transitions that log what goes wrong, which rclpy swallows or dies of."""

import functools
import traceback
from collections.abc import Callable
from typing import Any, Final

from rclpy.lifecycle import LifecycleState, TransitionCallbackReturn

from hopfield_pebal_ros.contract.metadata import DeploymentError
from hopfield_pebal_ros.inference.engine import EngineError
from hopfield_pebal_ros.node.opening import OpeningStoppedError
from hopfield_pebal_ros.node.parameter_table import SettingError

_EXPLAINED: Final = (
    DeploymentError,
    EngineError,
    FileNotFoundError,
    SettingError,
    OpeningStoppedError,
)
"""Errors whose message tells an operator enough, without a traceback."""


def logged(
    transition: Callable[[Any], None],
) -> Callable[[Any, LifecycleState], TransitionCallbackReturn]:
    """Make a transition callback of a method `on_...` that takes nothing and may raise.

    What it raises is logged, kept in the node's `problem`, and answered with FAILURE, so that the
    node stays in the state it was in.
    """
    name = transition.__name__.removeprefix('on_')

    @functools.wraps(transition)
    def callback(node: Any, _: LifecycleState) -> TransitionCallbackReturn:
        try:
            transition(node)
        except Exception as error:
            node.problem = f'{name} failed: {error}'
            is_explained = isinstance(error, _EXPLAINED)
            node.get_logger().error(
                node.problem if is_explained else f'{name} failed:\n{traceback.format_exc()}'
            )
            return TransitionCallbackReturn.FAILURE
        node.problem = ''
        node.get_logger().info(f'{name}: done')
        return TransitionCallbackReturn.SUCCESS

    return callback


def refuse_illegal_transitions(node: Any) -> None:
    """Answer a requested transition that the state does not allow with success=False.

    rclpy 7 raises out of the service callback instead, which ends the process.
    """
    # TODO: drop when rclpy 8 is the oldest supported
    service = node._service_change_state
    change_state = service.callback

    def callback(request: Any, response: Any) -> Any:
        try:
            return change_state(request, response)
        except Exception as error:
            node.get_logger().warning(f'transition refused in state {node.state}: {error}')
            response.success = False
            return response

    service.callback = callback
