"""The quality of service that a topic was recorded with, in either bag format."""

from collections.abc import Sequence
from dataclasses import dataclass

from rosbags.interfaces import (
    Connection,
    ConnectionExtRosbag2,
    QosDurability,
    QosLiveliness,
    QosReliability,
    QosTime,
)


@dataclass(frozen=True)
class RecordedQos:
    """What a topic's publishers offered when it was recorded; None is without limit."""

    is_reliable: bool = True
    is_transient_local: bool = False
    depth: int = 10
    deadline_ns: int | None = None
    lifespan_ns: int | None = None
    is_liveliness_manual: bool = False
    liveliness_lease_ns: int | None = None


def recorded_qos(connections: Sequence[Connection]) -> RecordedQos:
    """Return what the publishers of a topic offered, the stronger where they differ.

    Reliable where the bag does not say; a ROS 1 bag says only whether a topic is latched.
    """
    offered = [
        profile
        for each in connections
        if isinstance(each.ext, ConnectionExtRosbag2)
        for profile in each.ext.offered_qos_profiles
    ]
    if not offered:
        is_latched = any(
            not isinstance(each.ext, ConnectionExtRosbag2) and each.ext.latching
            for each in connections
        )
        return RecordedQos(is_transient_local=is_latched)
    return RecordedQos(
        is_reliable=any(each.reliability is not QosReliability.BEST_EFFORT for each in offered),
        is_transient_local=any(
            each.durability is QosDurability.TRANSIENT_LOCAL for each in offered
        ),
        depth=max(1, *(each.depth for each in offered)),
        deadline_ns=_shortest_ns([each.deadline for each in offered]),
        lifespan_ns=_longest_ns([each.lifespan for each in offered]),
        is_liveliness_manual=any(
            each.liveliness is QosLiveliness.MANUAL_BY_TOPIC for each in offered
        ),
        liveliness_lease_ns=_shortest_ns([each.liveliness_lease_duration for each in offered]),
    )


def _shortest_ns(times: Sequence[QosTime]) -> int | None:
    return min((ns for ns in map(_limit_ns, times) if ns is not None), default=None)


def _longest_ns(times: Sequence[QosTime]) -> int | None:
    limits = [_limit_ns(each) for each in times]
    return None if None in limits else max(ns for ns in limits if ns is not None)


def _limit_ns(time: QosTime) -> int | None:
    """Return nanoseconds; None for 0 and for the years that middlewares write for 'infinite'."""
    is_limit = (time.sec or time.nsec) and time.sec < 2**31 - 1
    return time.sec * 1_000_000_000 + time.nsec if is_limit else None
