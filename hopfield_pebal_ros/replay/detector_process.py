"""The detector node as a process of its own: started, watched, and always ended."""

import math
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO

from hopfield_pebal_ros.inference.engine import Backend, RunPrecision

CLOCK_TOPIC = '/clock'
STOP_WITHIN_S = 5.0
SHOWN_LINES = 12
SHOWN_BYTES = 20_000

# PR_SET_PDEATHSIG: a replay that is killed leaves no node behind
_RUN_NODE = (
    'import ctypes, runpy, signal, sys\n'
    "if sys.platform == 'linux': ctypes.CDLL(None).prctl(1, signal.SIGTERM)\n"
    "name = 'hopfield_pebal_ros.node.detector_node'\n"
    "runpy.run_module(name, run_name='__main__', alter_sys=True)"
)


class NodeError(RuntimeError):
    """The detector node did not start, died or did not answer; the message has its last words."""


@dataclass(frozen=True)
class NodePlace:
    """Where the node runs: names that no other program has, should it share the domain."""

    name: str
    namespace: str
    """All its topics lie under it; begins with a slash."""
    domain_id: int

    @classmethod
    def of_this_process(cls) -> 'NodePlace':
        number = os.getpid()
        return cls(f'detector_{number}', f'/replay_{number}', 1 + number % 100)

    def topic(self, name: str) -> str:
        """Return where the absolute topic `name` of a bag is played."""
        return f'{self.namespace}{name}'


@dataclass(frozen=True, kw_only=True)
class NodeSettings:
    """What the node is told."""

    model: Path
    backend: Backend = 'openvino'
    precision: RunPrecision | None = None
    """None: that of the file."""
    threshold: float | None = None
    """None: the calibrated one of the file."""
    min_region_area_px: int = 100
    cameras: tuple[str, ...] = ('',)
    """Names; '' is one camera without."""
    use_sim_time: bool = False
    """Take the time from the clock of the place."""

    def arguments(self, place: NodePlace) -> list[str]:
        """Return the command line arguments of the node.

        Args:
            place: where it runs.
        """
        threshold = math.nan if self.threshold is None else float(self.threshold)
        parameters = {
            'model': _quoted(str(self.model.resolve())),
            'backend': self.backend,
            'cameras': f'[{", ".join(map(_quoted, self.cameras))}]',
            'use_sim_time': str(self.use_sim_time).lower(),
            'precision': _quoted(self.precision or ''),
            'energy_threshold': '.nan' if math.isnan(threshold) else repr(threshold),
            'min_region_area_px': str(self.min_region_area_px),
            'diagnostics_period_s': '0.1',  # often enough to catch most frames
        }
        words = ['--ros-args', '-r', f'__ns:={place.namespace}', '-r', f'__node:={place.name}']
        words += ['-r', f'{CLOCK_TOPIC}:={place.topic(CLOCK_TOPIC)}']
        for name, value in parameters.items():
            words += ['-p', f'{name}:={value}']
        return words


def _quoted(text: str) -> str:
    """Return text as a YAML string, so that a path such as '1.0' stays one."""
    escaped = text.replace("'", "''")
    return f"'{escaped}'"


@contextmanager
def exit_on_sigterm() -> Iterator[None]:
    """Turn SIGTERM into SystemExit, so that `with` blocks end what they began."""
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


class DetectorProcess:
    """The node's process, for a `with` block; interrupted and waited for at its end."""

    def __init__(
        self,
        settings: NodeSettings,
        place: NodePlace,
        *,
        environment: Mapping[str, str],
    ) -> None:
        self._command = [
            sys.executable,
            '-c',
            _RUN_NODE,
            *settings.arguments(place),
        ]
        self._environment = {**os.environ, **environment}
        self._log: IO[bytes] | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> 'DetectorProcess':
        self._log = tempfile.TemporaryFile()
        self._process = subprocess.Popen(
            self._command,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._process is not None
        assert self._log is not None
        for stop in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
            if self._process.poll() is not None:
                break
            self._process.send_signal(stop)
            try:
                self._process.wait(STOP_WITHIN_S)
            except subprocess.TimeoutExpired:
                continue
        self._log.close()

    def check(self) -> None:
        """Refuse to go on without the node.

        Raises:
            NodeError: the process has ended.
        """
        assert self._process is not None
        code = self._process.poll()
        if code is not None:
            raise NodeError(
                f'the detector node ended with exit code {code}; its last lines:\n'
                f'{self.last_lines()}'
            )

    def last_lines(self) -> str:
        """Return the end of what the node wrote."""
        assert self._log is not None
        descriptor = self._log.fileno()  # the place in the file is shared with the node: no seek
        size = os.fstat(descriptor).st_size
        content = os.pread(descriptor, SHOWN_BYTES, max(0, size - SHOWN_BYTES))
        lines = content.decode('utf-8', 'replace').splitlines()
        return '\n'.join(lines[-SHOWN_LINES:]) or '(it wrote nothing)'
