"""Start and watch the processes of the node's benchmarks, apart from other ROS programs."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import hopfield_pebal_ros

SMALL_ENGINE_S: Final = 0.02

SETTINGS: Final = {
    'ROS_AUTOMATIC_DISCOVERY_RANGE': 'LOCALHOST',
    'ROS_DOMAIN_ID': str(1 + os.getpid() % 100),
    'FASTRTPS_DEFAULT_PROFILES_FILE': str(
        Path(next(iter(hopfield_pebal_ros.__path__))) / 'replay' / 'fast_dds.xml'
    ),
    'OPENCV_LOG_LEVEL': 'ERROR',
}

Process = subprocess.Popen[str]


@contextmanager
def started(module: str, *arguments: str, is_heard: bool = False) -> Iterator[Process]:
    """Give a process `python -m module`; it is interrupted and waited for at the end.

    With `is_heard` its `stderr` can be read.
    """
    process = subprocess.Popen(
        [sys.executable, '-m', module, *arguments],
        env={**os.environ, **SETTINGS},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE if is_heard else subprocess.DEVNULL,
        text=True,
    )
    try:
        yield process
    finally:
        for number in (signal.SIGINT, signal.SIGKILL):
            if process.poll() is None:
                process.send_signal(number)
                try:
                    process.wait(10)
                except subprocess.TimeoutExpired:
                    continue
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()


def answer_of(process: Process, timeout_s: float = 180) -> Any:
    """Return the JSON document that a process prints before it ends.

    Raises:
        RuntimeError: it printed none.
    """
    output, _ = process.communicate(timeout=timeout_s)
    try:
        return json.loads(output.splitlines()[-1])
    except (IndexError, json.JSONDecodeError):
        raise RuntimeError(
            f'{" ".join(map(str, process.args))} ended with {process.returncode} and no answer'  # type: ignore[arg-type]
        ) from None


def node_arguments(**parameters: object) -> list[str]:
    """Return the command line of the detector node."""
    words = ['--ros-args']
    for name, value in parameters.items():
        words += ['-p', f'{name}:={value}']
    return words


def processor_s(process: Process) -> float:
    """Return the processor time of a process until now [s]."""
    fields = Path(f'/proc/{process.pid}/stat').read_text().rpartition(')')[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')
