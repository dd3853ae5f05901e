"""`python -m hopfield_pebal_ros.replay.play_bag BAG`: publish a bag's camera topics over DDS."""

import importlib
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import rclpy
import tyro
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy

from hopfield_pebal_ros.replay.bags import (
    Bag,
    BagError,
    ImageTopic,
    SerialisedMessage,
    open_bag,
)
from hopfield_pebal_ros.replay.recorded_qos import RecordedQos

SLEEP_AT_MOST_S = 0.1  # so that an interrupt is noticed soon


class PlayError(ValueError):
    """A command line that cannot be played."""


@dataclass(frozen=True, kw_only=True)
class PlayBag:
    """Publish the image topics of a bag at their recorded pace, with their recorded QoS."""

    bag: Annotated[Path, tyro.conf.Positional]
    """rosbag2 folder (mcap or sqlite3), .mcap, .db3 or rosbag1 .bag file."""
    rate: float = 1.0
    """How many times as fast as recorded."""
    loop: bool = False
    """Begin again at the end, until interrupted."""
    remap: tuple[str, ...] = ()
    """Topics to rename, each OLD:=NEW."""
    topics: tuple[str, ...] = ()
    """Play only these topics of the bag."""
    delay_s: float = 1.0
    """Wait so long for subscribers to be discovered [s]."""


def main(arguments: Sequence[str] | None = None) -> int:
    settings = tyro.cli(PlayBag, prog='play_bag', args=arguments)
    try:
        remap = parse_remaps(settings.remap)
        if not settings.rate > 0:
            raise PlayError(f'--rate must be positive, got {settings.rate:g}')
        with open_bag(settings.bag) as bag:
            _publish(bag, settings, remap)
    except (BagError, FileNotFoundError, PlayError) as error:
        print(f'play_bag: {error}', file=sys.stderr)  # noqa: T201
        return 1
    except (KeyboardInterrupt, ExternalShutdownException):
        return 0
    return 0


def parse_remaps(remaps: Sequence[str]) -> dict[str, str]:
    """Return {old topic: new topic}, both absolute, of words such as 'image:=/front/image'.

    Raises:
        PlayError: a word that is not OLD:=NEW.
    """
    parsed = {}
    for word in remaps:
        old, separator, new = word.partition(':=')
        if not (old and separator and new):
            raise PlayError(f'--remap takes OLD:=NEW, got {word!r}')
        parsed[_absolute(old)] = _absolute(new)
    return parsed


def open_publishers(
    node: Node, topics: Sequence[ImageTopic], remap: Mapping[str, str]
) -> dict[str, Any]:
    """Return {topic of the bag: publisher} with the quality of service it was recorded with."""
    return {
        topic.name: node.create_publisher(
            _message_class(topic.message_type),
            remap.get(topic.name, topic.name),
            to_profile(topic.qos),
        )
        for topic in topics
    }


def play(
    bag: Bag,
    publishers: Mapping[str, Any],
    *,
    rate: float,
    before_publish: Callable[[SerialisedMessage], None] = lambda _: None,
) -> int:
    """Publish every message at its time and return how many there were.

    Args:
        bag: open.
        publishers: from `open_publishers`.
        rate: how many times as fast as recorded.
        before_publish: called right before each message is sent.

    Raises:
        BagError: the bag is damaged.
    """
    start_s = time.monotonic()
    first_ns, count = None, 0
    for message in bag.serialised_messages(tuple(publishers)):
        first_ns = message.recorded_ns if first_ns is None else first_ns
        _sleep_until(start_s + (message.recorded_ns - first_ns) * 1e-9 / rate)
        before_publish(message)
        publishers[message.topic].publish(message.cdr)
        count += 1
    return count


def to_profile(qos: RecordedQos) -> QoSProfile:
    return QoSProfile(
        history=HistoryPolicy.KEEP_LAST,
        depth=qos.depth,
        reliability=ReliabilityPolicy.RELIABLE
        if qos.is_reliable
        else ReliabilityPolicy.BEST_EFFORT,
        durability=DurabilityPolicy.TRANSIENT_LOCAL
        if qos.is_transient_local
        else DurabilityPolicy.VOLATILE,
    )


def _publish(bag: Bag, settings: PlayBag, remap: Mapping[str, str]) -> None:
    chosen = settings.topics or [each.name for each in bag.image_topics if each.num_messages]
    topics = [bag.image_topic(name) for name in chosen]
    if not topics:
        bag.camera_topic()  # says what the bag has instead
    if absent := set(remap) - {topic.name for topic in topics}:
        raise PlayError(
            f'--remap names {", ".join(sorted(absent))}, which is not played; '
            f'played are {", ".join(topic.name for topic in topics)}'
        )
    rclpy.init()
    try:
        node = rclpy.create_node('play_bag')
        publishers = open_publishers(node, topics, remap)
        for topic in topics:
            name = remap.get(topic.name, topic.name)
            print(f'{topic.name} -> {name}: {topic.num_messages} messages')  # noqa: T201
        time.sleep(settings.delay_s)
        while play(bag, publishers, rate=settings.rate) and settings.loop:
            pass
        for publisher in publishers.values():
            publisher.wait_for_all_acked(rclpy.duration.Duration(seconds=2))
        node.destroy_node()
    finally:
        rclpy.try_shutdown()


def _message_class(message_type: str) -> Any:
    package, _, name = message_type.partition('/msg/')
    return getattr(importlib.import_module(f'{package}.msg'), name)


def _absolute(topic: str) -> str:
    return topic if topic.startswith('/') else f'/{topic}'


def _sleep_until(time_s: float) -> None:
    while (left_s := time_s - time.monotonic()) > 0:
        time.sleep(min(left_s, SLEEP_AT_MOST_S))


if __name__ == '__main__':
    sys.exit(main())
