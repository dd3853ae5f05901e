"""What publishers offered: the stronger where they differ, without limit where there was none."""

from pathlib import Path
from typing import Any

from rosbags.interfaces import (
    Qos,
    QosDurability,
    QosHistory,
    QosLiveliness,
    QosReliability,
    QosTime,
)
from rosbags.rosbag2 import Reader, Writer
from rosbags.typesys import Stores, get_typestore

from hopfield_pebal_ros.replay.bags import IMAGE_TYPE
from hopfield_pebal_ros.replay.recorded_qos import RecordedQos, recorded_qos

INFINITE = QosTime(9223372036, 854775807)  # as ROS 2 Jazzy records it


def offer(**changes: Any) -> Qos:
    values: dict[str, Any] = {
        'history': QosHistory.KEEP_LAST,
        'depth': 5,
        'reliability': QosReliability.BEST_EFFORT,
        'durability': QosDurability.VOLATILE,
        'deadline': INFINITE,
        'lifespan': INFINITE,
        'liveliness': QosLiveliness.AUTOMATIC,
        'liveliness_lease_duration': QosTime(0, 0),
        'avoid_ros_namespace_conventions': False,
    }
    return Qos(**{**values, **changes})


def recorded(path: Path, *offers: Qos) -> RecordedQos:
    """Return what is read back from a bag with these offers on one topic."""
    types = get_typestore(Stores.ROS2_JAZZY)
    with Writer(path, version=9) as writer:
        writer.add_connection('/image', IMAGE_TYPE, typestore=types, offered_qos_profiles=offers)
    with Reader(path) as reader:
        return recorded_qos(reader.connections)


def test_one_offer_is_kept(tmp_path: Path) -> None:
    assert recorded(tmp_path / 'bag', offer()) == RecordedQos(is_reliable=False, depth=5)


def test_the_stronger_offer_wins(tmp_path: Path) -> None:
    strict = offer(
        reliability=QosReliability.RELIABLE,
        durability=QosDurability.TRANSIENT_LOCAL,
        liveliness=QosLiveliness.MANUAL_BY_TOPIC,
        deadline=QosTime(0, 100),
        lifespan=QosTime(2, 0),
        liveliness_lease_duration=QosTime(1, 5),
        depth=1,
    )
    assert recorded(tmp_path / 'bag', offer(), strict) == RecordedQos(
        is_reliable=True,
        is_transient_local=True,
        depth=5,
        deadline_ns=100,
        lifespan_ns=None,  # of the first, messages stay for ever
        is_liveliness_manual=True,
        liveliness_lease_ns=1_000_000_005,
    )


def test_a_bag_that_does_not_say_is_reliable(tmp_path: Path) -> None:
    assert recorded(tmp_path / 'bag') == RecordedQos()
