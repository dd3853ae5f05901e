"""Refuse a model that cannot fit, before the operating system ends the process for it."""

from pathlib import Path
from typing import Final

from hopfield_pebal_ros.contract.metadata import Metadata

_COPIES_OF_WEIGHTS: Final = 2
"""As read, and as the runtime packs them; every runtime here needs both while it compiles."""
_MEMORY_INFO: Final = Path('/proc/meminfo')
_CONTROL_GROUP: Final = Path('/sys/fs/cgroup')


def needed_bytes(model_path: Path, metadata: Metadata) -> int:
    """Return the least that opening a file takes: weights, one image and its maps."""
    height, width = metadata.output_hw
    image = 3 * metadata.network_hw[0] * metadata.network_hw[1]
    return _COPIES_OF_WEIGHTS * model_path.stat().st_size + image + 5 * height * width


def available_bytes() -> int | None:
    """Return what this process can still take, its container's limit included.

    None where the operating system does not say.
    """
    if not _MEMORY_INFO.exists():
        return None
    fields = _numbers(_MEMORY_INFO)
    of_machine = 1024 * fields['MemAvailable:']
    of_group = _left_in_group()
    return of_machine if of_group is None else min(of_machine, of_group)


def _left_in_group() -> int | None:
    """Return what the limit of a container (cgroup v2) leaves; None without a limit."""
    limit_file = _CONTROL_GROUP / 'memory.max'
    limit = limit_file.read_text().strip() if limit_file.exists() else 'max'
    if limit == 'max':
        return None
    used = int((_CONTROL_GROUP / 'memory.current').read_text())
    reclaimable = _numbers(_CONTROL_GROUP / 'memory.stat')['inactive_file']
    return int(limit) - used + reclaimable


def _numbers(path: Path) -> dict[str, int]:
    """Read lines such as 'MemAvailable:  123 kB'."""
    lines = (line.split() for line in path.read_text().splitlines())
    return {words[0]: int(words[1]) for words in lines}
