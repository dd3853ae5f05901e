"""The services of the node: enable, save_snapshot, reset_statistics."""

from pathlib import Path
from typing import Any

from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.task import Future
from std_srvs.srv import SetBool, Trigger


class Services:
    """Answers the services of a detector node.

    Args:
        node: a DetectorNode.
    """

    def __init__(self, node: Any) -> None:
        self._node = node
        node.create_service(SetBool, '~/enable', self._enable)
        node.create_service(
            Trigger,
            '~/save_snapshot',
            self._save_snapshot,
            callback_group=MutuallyExclusiveCallbackGroup(),  # the others go on while it waits
        )
        node.create_service(Trigger, '~/reset_statistics', self._reset_statistics)

    def _enable(self, request: SetBool.Request, response: SetBool.Response) -> SetBool.Response:
        self._node.enable(request.data)
        response.success = True
        response.message = 'enabled' if request.data else 'disabled: no image is asked for'
        return response

    def _reset_statistics(
        self, _: Trigger.Request, response: Trigger.Response
    ) -> Trigger.Response:
        self._node.reset_statistics()
        response.success, response.message = True, 'counts and drift start again'
        return response

    async def _save_snapshot(
        self, _: Trigger.Request, response: Trigger.Response
    ) -> Trigger.Response:
        """Answer when the files are there; other callbacks go on meanwhile."""
        answer = Future(executor=self._node.executor)
        answer.add_done_callback(lambda _: None)  # wakes the executor
        folder = Path(self._node.parameters.snapshot_folder)
        refusal = self._node.ask_for_snapshot(
            folder, lambda success, message: answer.set_result((success, message))
        )
        response.success, response.message = (False, refusal) if refusal else await answer
        return response
