"""Settings that keep the DDS of one run apart from other ROS programs."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hopfield_pebal_ros.replay.shared_memory import shared_memory_environment


@contextmanager
def private_environment(domain_id: int, *, bytes_per_frame: int) -> Iterator[dict[str, str]]:
    """Give settings that keep DDS on this machine and apart from other ROS programs on it.

    They hold in this process, and are to be handed to others, within the `with` block.
    """
    with tempfile.TemporaryDirectory() as folder:
        settings = {
            **shared_memory_environment(Path(folder), bytes_per_frame=bytes_per_frame),
            'ROS_AUTOMATIC_DISCOVERY_RANGE': 'LOCALHOST',
            'ROS_DOMAIN_ID': str(domain_id),
        }
        before = {name: os.environ.get(name) for name in settings}
        os.environ.update(settings)
        try:
            yield settings
        finally:
            for name, value in before.items():
                os.environ.pop(name, None)
                if value is not None:
                    os.environ[name] = value
