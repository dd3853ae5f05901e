"""How to subscribe to a camera, and what keeps its images away, told from the ROS graph."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

IMAGE_TYPES: Final = {
    'raw': 'sensor_msgs/msg/Image',
    'compressed': 'sensor_msgs/msg/CompressedImage',
}


@dataclass(frozen=True)
class InputChoice:
    """What a subscription asks for: 'raw' or 'compressed', 'best_effort' or 'reliable'."""

    transport: str
    reliability: str


def choose_input(publishers: Sequence[Any], *, transport: str, reliability: str) -> InputChoice:
    """Return how to subscribe so that images come.

    Args:
        publishers: of the topic, as `get_publishers_info_by_topic` returns them.
        transport: 'raw', 'compressed', or 'auto': the published type, raw where both are or none.
        reliability: 'best_effort', 'reliable', or 'auto': reliable where every publisher is.
    """
    if transport == 'auto':
        types = {each.topic_type for each in publishers}
        has_raw = IMAGE_TYPES['raw'] in types
        transport = 'compressed' if IMAGE_TYPES['compressed'] in types and not has_raw else 'raw'
    if reliability == 'auto':
        offered = {_reliability(each) for each in publishers if _is_of(each, transport)}
        reliability = 'reliable' if offered == {'RELIABLE'} else 'best_effort'
    return InputChoice(transport, reliability)


def explain_silence(topic: str, publishers: Sequence[Any], choice: InputChoice) -> str:
    """Return what keeps images away, as far as the ROS graph tells, and the remedy.

    Args:
        topic: resolved name.
        publishers: of this topic, as `get_publishers_info_by_topic` returns them.
        choice: what our subscription asks for.
    """
    if not publishers:
        return (
            f'nobody publishes {topic}; start the camera, or remap image '
            '(ros2 launch: image_topic:=...)'
        )
    names = ', '.join(sorted(f'{each.node_name} ({_offer(each)})' for each in publishers))
    images = [each for each in publishers if _is_of(each, choice.transport)]
    if not images:
        return (
            f'{topic} is not of type {IMAGE_TYPES[choice.transport]}; it is published by {names}; '
            'set image_transport to auto, or remap image to a topic of images'
        )
    if choice.reliability == 'reliable' and 'RELIABLE' not in map(_reliability, images):
        return (
            f'{topic} is published as best effort by {names}, which a reliable subscription does '
            'not get; set image_reliability to best_effort or auto'
        )
    if choice.reliability == 'best_effort':
        return (
            f'{topic} is published by {names} and nothing arrives; if they do send, large images '
            'are lost on the way: set image_reliability to reliable, or give the middleware '
            'larger buffers (config/fast_dds.xml)'
        )
    return f'{topic} is published by {names}, but they send nothing'


def explain_refused_listeners(topic: str, subscribers: Sequence[Any]) -> str:
    """Return why a subscriber gets nothing of one of our outputs, and the remedy.

    Args:
        topic: resolved name of the output.
        subscribers: of this topic, as `get_subscriptions_info_by_topic` returns them.
    """
    names = ', '.join(sorted(f'{each.node_name} ({_offer(each)})' for each in subscribers))
    return (
        f'a subscriber of {topic} asks for another quality of service and gets nothing; it is '
        'published as volatile, and as reliable unless '
        f'qos_overrides.{topic}.publisher.reliability says best_effort; subscribers are {names}'
    )


def _is_of(publisher: Any, transport: str) -> bool:
    return bool(publisher.topic_type == IMAGE_TYPES[transport])


def _reliability(endpoint: Any) -> str:
    return str(endpoint.qos_profile.reliability.name)


def _offer(endpoint: Any) -> str:
    reliability = _reliability(endpoint).lower().replace('_', ' ')
    durability = endpoint.qos_profile.durability.name.lower().replace('_', ' ')
    return f'{endpoint.topic_type}, {reliability}, {durability}'
