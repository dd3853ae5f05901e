"""Fixtures that every test may use."""

import os
from pathlib import Path

import pytest

# real DDS in tests stays on this machine and away from other runs
os.environ.setdefault('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')
os.environ.setdefault('ROS_DOMAIN_ID', str(1 + os.getpid() % 100))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave what is slow out of the plain run; `-m slow` runs it."""
    if config.option.markexpr:
        return
    skip = pytest.mark.skip(reason='slow; run with -m slow')
    for item in items:
        if item.get_closest_marker('slow'):
            item.add_marker(skip)


@pytest.fixture
def tiny_model(tmp_path: Path) -> Path:
    """A deployable file of 64x128 px: energy = red / 25.5, label = green // 16."""
    pytest.importorskip('onnx')
    from tests.tiny_model import write_tiny_model

    path = tmp_path / 'tiny.onnx'
    write_tiny_model(path)
    return path
