"""`python -m hopfield_pebal_ros.replay.play_bag BAG`: publish a bag's camera topics over DDS."""

import importlib
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import rclpy
import tyro
from rclpy.duration import Duration
from rclpy.exceptions import InvalidTopicNameException
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, LivelinessPolicy, QoSProfile, ReliabilityPolicy
from rclpy.time import Time

from hopfield_pebal_ros.replay.bag_clock import BagClock
from hopfield_pebal_ros.replay.bags import (
    Bag,
    BagError,
    ImageTopic,
    SerialisedMessage,
    open_bag,
)
from hopfield_pebal_ros.replay.recorded_qos import RecordedQos


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
    start_offset_s: float = 0.0
    """Begin so long after the start of the bag [s]."""
    clock: float = 0.0
    """Publish bag time on /clock so often [Hz], for nodes with use_sim_time; 0: not at all."""
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
        _check(settings)
        with open_bag(settings.bag) as bag:
            _publish(bag, settings, remap)
    except (BagError, FileNotFoundError, PlayError) as error:
        print(f'play_bag: {error}', file=sys.stderr)  # noqa: T201
        return 1
    except (KeyboardInterrupt, ExternalShutdownException):
        return 0
    return 0


def _check(settings: PlayBag) -> None:
    if not settings.rate > 0:
        raise PlayError(f'--rate must be positive, got {settings.rate:g}')
    for flag, value in (('start-offset-s', settings.start_offset_s), ('clock', settings.clock)):
        if not value >= 0:
            raise PlayError(f'--{flag} must not be negative, got {value:g}')


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
    """Return {topic of the bag: publisher} with the quality of service it was recorded with.

    Raises:
        PlayError: a name that no topic can have in ROS 2.
    """
    publishers = {}
    for topic in topics:
        name = remap.get(topic.name, topic.name)
        message = message_class(topic.message_type)
        try:
            publishers[topic.name] = node.create_publisher(message, name, to_profile(topic.qos))
        except InvalidTopicNameException as error:
            said = ' '.join(str(error).split())
            raise PlayError(
                f'{name!r} cannot be published ({said}); rename it: --remap OLD:=NEW'
            ) from None
    return publishers


def play(
    bag: Bag,
    publishers: Mapping[str, Any],
    clock: BagClock,
    *,
    start_ns: int | None = None,
    before_publish: Callable[[SerialisedMessage], None] = lambda _: None,
) -> int:
    """Publish every message at its time and return how many there were.

    Args:
        bag: open.
        publishers: from `open_publishers`.
        clock: started anew with the first message.
        start_ns: leave out what was recorded before.
        before_publish: called right before each message is sent.

    Raises:
        BagError: the bag is damaged.
    """
    count = 0
    for message in bag.serialised_messages(tuple(publishers), start_ns=start_ns):
        if not count:
            clock.start(message.recorded_ns)
        clock.sleep_until(message.recorded_ns)
        before_publish(message)
        publishers[message.topic].publish(message.cdr)
        count += 1
    return count


@contextmanager
def clock_published(
    node: Node, clock: BagClock, *, rate_hz: float, topic: str = '/clock'
) -> Iterator[None]:
    """Publish bag time from a thread of its own; nothing while it stands, or with 0 Hz."""
    if not rate_hz:
        yield
        return
    clock_message = message_class('rosgraph_msgs/msg/Clock')
    publisher = node.create_publisher(clock_message, topic, QoSProfile(depth=1))
    stop = threading.Event()

    def publish() -> None:
        while not stop.wait(1 / rate_hz):
            now_ns = clock.now_ns()
            if now_ns is not None:
                publisher.publish(clock_message(clock=Time(nanoseconds=now_ns).to_msg()))

    thread = threading.Thread(target=publish, name='bag clock')
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def to_profile(qos: RecordedQos) -> QoSProfile:
    """Return the profile of a publisher that offers what was recorded."""
    profile = QoSProfile(depth=qos.depth)
    if not qos.is_reliable:
        profile.reliability = ReliabilityPolicy.BEST_EFFORT
    if qos.is_transient_local:
        profile.durability = DurabilityPolicy.TRANSIENT_LOCAL
    if qos.is_liveliness_manual:
        profile.liveliness = LivelinessPolicy.MANUAL_BY_TOPIC
    limits = {
        'deadline': qos.deadline_ns,
        'lifespan': qos.lifespan_ns,
        'liveliness_lease_duration': qos.liveliness_lease_ns,
    }
    for name, limit_ns in limits.items():
        if limit_ns is not None:
            setattr(profile, name, Duration(nanoseconds=limit_ns))
    return profile


def _publish(bag: Bag, settings: PlayBag, remap: Mapping[str, str]) -> None:
    topics = _topics(bag, settings, remap)
    start_ns = bag.start_ns + round(settings.start_offset_s * 1e9)
    if start_ns > bag.end_ns:
        raise PlayError(
            f'--start-offset-s {settings.start_offset_s:g} is past the end: the bag lasts '
            f'{(bag.end_ns - bag.start_ns) / 1e9:.1f} s'
        )
    clock = BagClock(settings.rate)
    rclpy.init()
    try:
        node = rclpy.create_node('play_bag')
        publishers = open_publishers(node, topics, remap)
        for topic in topics:
            name = remap.get(topic.name, topic.name)
            print(f'{topic.name} -> {name}: {topic.num_messages} messages')  # noqa: T201
        with clock_published(node, clock, rate_hz=settings.clock):
            time.sleep(settings.delay_s)
            while play(bag, publishers, clock, start_ns=start_ns) and settings.loop:
                pass
        for publisher in publishers.values():
            publisher.wait_for_all_acked(Duration(seconds=2))
        node.destroy_node()
    finally:
        rclpy.try_shutdown()


def _topics(bag: Bag, settings: PlayBag, remap: Mapping[str, str]) -> list[ImageTopic]:
    chosen = settings.topics or [each.name for each in bag.image_topics if each.num_messages]
    topics = [bag.image_topic(name) for name in chosen]
    if not topics:
        bag.camera_topic()  # says what the bag has instead
    if absent := set(remap) - {topic.name for topic in topics}:
        raise PlayError(
            f'--remap names {", ".join(sorted(absent))}, which is not played; '
            f'played are {", ".join(topic.name for topic in topics)}'
        )
    return topics


def message_class(message_type: str) -> Any:
    package, _, name = message_type.partition('/msg/')
    return getattr(importlib.import_module(f'{package}.msg'), name)


def _absolute(topic: str) -> str:
    return topic if topic.startswith('/') else f'/{topic}'


if __name__ == '__main__':
    sys.exit(main())
