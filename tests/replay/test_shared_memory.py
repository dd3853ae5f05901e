"""The Fast DDS settings: valid XML, a segment that holds frames and fits the memory."""

import shutil
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from hopfield_pebal_ros.replay import shared_memory
from hopfield_pebal_ros.replay.shared_memory import shared_memory_environment


def segment_bytes(folder: Path, bytes_per_frame: int) -> int:
    environment = shared_memory_environment(folder, bytes_per_frame=bytes_per_frame)
    (path,) = set(environment.values())
    tree = ElementTree.parse(path)
    (size,) = tree.iter('{http://www.eprosima.com}segment_size')
    return int(str(size.text))


@pytest.mark.parametrize(
    ('bytes_per_frame', 'expected'),
    [(6_000_000, 24_000_000), (10, 4_000_000), (10**9, 256_000_000)],
)
def test_four_frames_fit_within_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bytes_per_frame: int, expected: int
) -> None:
    class LargeMemory:
        free = 10**11

    monkeypatch.setattr(shared_memory.shutil, 'disk_usage', lambda _: LargeMemory)
    assert segment_bytes(tmp_path, bytes_per_frame) == expected


def test_small_shared_memory_is_not_filled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class SmallMemory:
        free = 64_000_000

    monkeypatch.setattr(shutil, 'disk_usage', lambda _: SmallMemory)
    monkeypatch.setattr(Path, 'is_dir', lambda _: True)
    assert segment_bytes(tmp_path, 10**9) == 16_000_000
