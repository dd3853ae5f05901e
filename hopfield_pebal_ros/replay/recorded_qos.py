"""The quality of service that a topic was recorded with, in either bag format."""

from dataclasses import dataclass

from rosbags.interfaces import (
    Connection,
    ConnectionExtRosbag2,
    QosDurability,
    QosReliability,
)


@dataclass(frozen=True)
class RecordedQos:
    """What a topic's publisher offered when it was recorded."""

    is_reliable: bool = True
    is_transient_local: bool = False
    depth: int = 10


def recorded_qos(connection: Connection) -> RecordedQos:
    """Return what the publisher offered; reliable where the bag does not say."""
    if not isinstance(connection.ext, ConnectionExtRosbag2):
        return RecordedQos(is_transient_local=bool(connection.ext.latching))
    if not connection.ext.offered_qos_profiles:
        return RecordedQos()
    offered = connection.ext.offered_qos_profiles[0]
    return RecordedQos(
        is_reliable=offered.reliability is not QosReliability.BEST_EFFORT,
        is_transient_local=offered.durability is QosDurability.TRANSIENT_LOCAL,
        depth=max(1, offered.depth),
    )
