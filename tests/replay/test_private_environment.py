"""Settings of one run's DDS hold within the block, and leave nothing behind."""

import os
from pathlib import Path

import pytest

from hopfield_pebal_ros.replay.private_environment import private_environment


def test_what_was_set_before_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('ROS_DOMAIN_ID', '3')
    monkeypatch.delenv('ROS_AUTOMATIC_DISCOVERY_RANGE', raising=False)

    def fail_inside() -> None:
        with private_environment(42, bytes_per_frame=1000) as settings:
            assert {name: os.environ[name] for name in settings} == settings
            assert os.environ['ROS_DOMAIN_ID'] == '42'
            assert os.environ['ROS_AUTOMATIC_DISCOVERY_RANGE'] == 'LOCALHOST'
            assert Path(settings['FASTRTPS_DEFAULT_PROFILES_FILE']).is_file()
            raise ValueError('of the run')

    with pytest.raises(ValueError, match='of the run'):
        fail_inside()
    assert os.environ['ROS_DOMAIN_ID'] == '3'
    assert 'ROS_AUTOMATIC_DISCOVERY_RANGE' not in os.environ
