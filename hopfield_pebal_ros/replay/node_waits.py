"""Wait for the detector node: until it is ready, until its last result, until its last counts."""

import time
from collections.abc import Collection, Sequence
from typing import Any, Final

from hopfield_pebal_ros.replay.detector_process import DetectorProcess, NodeError
from hopfield_pebal_ros.replay.node_report import NodeReport
from hopfield_pebal_ros.replay.recording import ResultRecording

_READY_WITHIN_S: Final = 90.0
"""Loading and warming up a large model on a busy machine takes its time."""

_QUIET_S: Final = 2.0
"""No result for so long after the last frame was sent: nothing more will come."""

_SETTLE_S: Final = 0.5
"""Given to the node's publishers to find our subscriptions."""


def wait_until_ready(
    process: DetectorProcess,
    node: Any,
    publishers: Collection[Any],
    ears: Sequence[Any],
    report: NodeReport,
) -> None:
    """Wait until the node is active and subscribed, and its results are found.

    Raises:
        NodeError: it took too long, or the node died.
    """
    give_up_s = time.monotonic() + _READY_WITHIN_S
    while (
        report.values.get('lifecycle_state') != 'active'
        or not all(_is_heard(node, publisher) for publisher in publishers)
        or not all(ear.get_publisher_count() for ear in ears)
    ):
        process.check()
        if time.monotonic() > give_up_s:
            raise NodeError(
                f'the detector node was {report.values.get("lifecycle_state", "not heard of")} '
                f'{_READY_WITHIN_S:.0f} s after its start, or did not subscribe to '
                f'{", ".join(each.topic_name for each in publishers)}; its last lines:\n'
                f'{process.last_lines()}'
            )
        time.sleep(0.05)
    time.sleep(_SETTLE_S)


def _is_heard(node: Any, publisher: Any) -> bool:
    """Return whether the node is subscribed as fits the publisher."""
    offered = publisher.qos_profile.reliability
    subscriptions = node.get_subscriptions_info_by_topic(publisher.topic_name)
    return publisher.get_subscription_count() > 0 and any(
        each.qos_profile.reliability == offered for each in subscriptions
    )


def wait_until_quiet(
    recording: ResultRecording, process: DetectorProcess, report: NodeReport, num_sent: int
) -> None:
    """Wait for the last results: until all are there, or none came for `_QUIET_S`."""
    count, since_s = -1, time.monotonic()
    while recording.num_complete() < num_sent and time.monotonic() - since_s < _QUIET_S:
        process.check()
        num_answered = recording.num_complete() + report.num_without_result()
        if num_answered >= num_sent:
            return
        if num_answered != count:
            count, since_s = num_answered, time.monotonic()
        time.sleep(0.05)


def wait_for_news(report: NodeReport, process: DetectorProcess) -> None:
    """Wait for diagnostics made after the last frame; without them there are no counts."""
    enough, give_up_s = report.num_messages + 2, time.monotonic() + _QUIET_S
    while report.num_messages < enough and time.monotonic() < give_up_s:
        process.check()
        time.sleep(0.02)
