"""Fast DDS settings that get large images from process to process on one machine without loss."""

import shutil
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Final

_PROFILE: Final = Path(__file__).parent / 'fast_dds.xml'
"""Also installed beside the node's parameters, for robots."""

_NAMESPACE: Final = 'http://www.eprosima.com'
_LEAST_BYTES: Final = 4_000_000
_MOST_BYTES: Final = 256_000_000
_FRAMES_HELD: Final = 4


def shared_memory_environment(folder: Path, *, bytes_per_frame: int) -> dict[str, str]:
    """Write the settings and return the environment variables that point Fast DDS to them.

    Its segment of 512 kB overflows when several large images are published at once; what is lost
    then is asked for again only after seconds, too late for a queue of one image.

    Args:
        folder: where the settings file goes.
        bytes_per_frame: of all images that are published for one frame.
    """
    memory = Path('/dev/shm')
    free_bytes = shutil.disk_usage(memory).free if memory.is_dir() else _MOST_BYTES
    wanted = min(_FRAMES_HELD * bytes_per_frame, _MOST_BYTES, free_bytes // 4)
    path = folder / 'fast_dds.xml'
    ElementTree.register_namespace('', _NAMESPACE)
    profile = ElementTree.parse(_PROFILE)
    for size in profile.iter(f'{{{_NAMESPACE}}}segment_size'):
        size.text = str(max(wanted, _LEAST_BYTES))
    profile.write(path, encoding='utf-8', xml_declaration=True)
    # the first name is that of Fast DDS 2, as in ROS 2 Jazzy; the second of Fast DDS 3
    names = ('FASTRTPS_DEFAULT_PROFILES_FILE', 'FASTDDS_DEFAULT_PROFILES_FILE')
    return dict.fromkeys(names, str(path))
