"""What gets installed on a vehicle: its size, what it leaves out, and the files ROS looks for."""

import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
NAME = 'hopfield_pebal_ros'
RUNTIME_EXTRAS = ('ros', 'openvino', 'onnxruntime', 'replay')


def needed_distributions(name: str, extras: tuple[str, ...]) -> dict[str, metadata.Distribution]:
    """Follow the requirements of a distribution to everything that pip installs for it."""
    found: dict[str, metadata.Distribution] = {}
    waiting = [(name, extras)]
    while waiting:
        current, wanted = waiting.pop()
        key = re.sub('[-_.]+', '-', current).lower()
        distribution = metadata.distribution(current)
        found[key] = distribution
        for text in distribution.requires or ():
            requirement = Requirement(text)
            marker = requirement.marker
            if marker and not any(marker.evaluate({'extra': extra}) for extra in ('', *wanted)):
                continue
            child = re.sub('[-_.]+', '-', requirement.name).lower()
            if child not in found:
                waiting.append((requirement.name, tuple(requirement.extras)))
    return found


@pytest.fixture(scope='module')
def runtime() -> dict[str, metadata.Distribution]:
    pytest.importorskip('rclpy')
    return needed_distributions(NAME, RUNTIME_EXTRAS)


def test_the_runtime_is_under_one_gigabyte(runtime: dict[str, metadata.Distribution]) -> None:
    size = sum(
        path.stat().st_size
        for distribution in runtime.values()
        for file in distribution.files or ()
        if (path := Path(str(distribution.locate_file(file)))).is_file()
    )
    assert 300e6 < size < 1e9, f'{size / 1e6:.0f} MB'


def test_the_runtime_needs_no_training_library(
    runtime: dict[str, metadata.Distribution],
) -> None:
    assert {'numpy', 'openvino', 'onnxruntime', 'ros-rclpy', 'rosbags'} <= set(runtime)
    assert not {'torch', 'torchvision', 'onnx', 'tensorboard', 'tensorrt'} & set(runtime)


def test_tensorrt_is_never_installed_unasked() -> None:
    unasked = [
        requirement.name
        for text in metadata.distribution(NAME).requires or ()
        if not (requirement := Requirement(text)).marker
    ]
    assert sorted(unasked) == ['numpy', 'opencv-python-headless', 'tqdm', 'tyro']


def test_package_xml_is_format_3_and_builds_with_ament_python() -> None:
    package = ElementTree.parse(ROOT / 'package.xml').getroot()
    assert package.get('format') == '3'
    assert package.findtext('name') == NAME
    assert package.findtext('export/build_type') == 'ament_python'
    assert package.findtext('version') == metadata.version(NAME)


def test_setup_installs_what_ros_looks_for(tmp_path: Path) -> None:
    result = subprocess.run(
        [
            sys.executable, 'setup.py', '-q',
            'egg_info', '--egg-base', str(tmp_path),
            'build', '--build-base', str(tmp_path / 'build'),
            'install_lib', '--install-dir', str(tmp_path / 'lib'),
            'install_data', '--install-dir', str(tmp_path),
        ],
        cwd=ROOT, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    share = tmp_path / 'share'
    assert (share / 'ament_index/resource_index/packages' / NAME).is_file()
    assert (share / NAME / 'package.xml').is_file()
    assert (share / NAME / 'launch/detector.launch.py').is_file()
    assert (share / NAME / 'config/detector.yaml').is_file()
    assert (share / NAME / 'config/fast_dds.xml').is_file()
    assert (tmp_path / 'lib' / NAME / 'replay/fast_dds.xml').is_file()
    installed = {
        path.parts[0]
        for path in (p.relative_to(tmp_path / 'lib') for p in (tmp_path / 'lib').rglob('*.py'))
    }
    assert installed == {NAME}
    assert (tmp_path / 'lib' / NAME / 'models/default.onnx').is_file()
