"""ROS 1 image messages -> the bytes of the same ROS 2 message."""

from typing import Any, Final

from rosbags.typesys import Stores, get_typestore

_TYPES: Final = get_typestore(Stores.ROS2_JAZZY)
_FIELDS: Final = {
    'sensor_msgs/msg/Image': ('height', 'width', 'encoding', 'is_bigendian', 'step', 'data'),
    'sensor_msgs/msg/CompressedImage': ('format', 'data'),
}


def to_cdr(message: Any, message_type: str) -> bytes:
    """Serialise an image for ROS 2; the fields are the same but for the header's `seq`."""
    header = message.header
    stamp = _TYPES.types['builtin_interfaces/msg/Time'](
        sec=header.stamp.sec, nanosec=header.stamp.nanosec
    )
    ros2_message = _TYPES.types[message_type](
        header=_TYPES.types['std_msgs/msg/Header'](stamp=stamp, frame_id=header.frame_id),
        **{name: getattr(message, name) for name in _FIELDS[message_type]},
    )
    return bytes(_TYPES.serialize_cdr(ros2_message, message_type))
