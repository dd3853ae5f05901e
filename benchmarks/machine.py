"""What a benchmark ran on: processor, memory, GPU, versions."""

import importlib.metadata
import os
import platform
import shutil
import subprocess
from pathlib import Path
from typing import Final

PACKAGES: Final = (
    'numpy',
    'opencv-python-headless',
    'scikit-learn',
    'openvino',
    'onnxruntime',
    'torch',
    'ros-jazzy-rclpy',
)


def describe_machine() -> dict[str, object]:
    """Return a JSON-ready description; memory in MiB, None where something is not known."""
    return {
        'processor': _field(Path('/proc/cpuinfo'), 'model name') or platform.processor(),
        'cores': len(os.sched_getaffinity(0)),
        'memory_mib': _memory_mib(),
        'gpu': _gpu(),
        'system': platform.platform(),
        'python': platform.python_version(),
        'packages': {name: version for name in PACKAGES if (version := _version(name))},
    }


def peak_memory_mb() -> float:
    """Return the largest resident set of this process so far [MB], without that of its parent.

    `getrusage` counts what the parent had when it started this process.
    """
    peak = _field(Path('/proc/self/status'), 'VmHWM')
    assert peak is not None
    return int(peak.split()[0]) * 1024 / 1e6


def _memory_mib() -> int | None:
    kilobytes = _field(Path('/proc/meminfo'), 'MemTotal')
    return int(kilobytes.split()[0]) // 1024 if kilobytes else None


def _field(path: Path, name: str) -> str | None:
    """Return what follows 'name :' in a file of /proc, or None."""
    if not path.exists():
        return None
    for line in path.read_text().splitlines():
        key, _, value = line.partition(':')
        if key.strip() == name:
            return value.strip()
    return None


def _gpu() -> str | None:
    if shutil.which('nvidia-smi') is None:
        return None
    answer = subprocess.run(
        ['nvidia-smi', '--query-gpu=name,driver_version', '--format=csv,noheader'],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    return answer.stdout.strip() or None


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None
