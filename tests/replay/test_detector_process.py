"""The node's process: its command line, its last words, and its end in every case."""

import math
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hopfield_pebal_ros.replay import detector_process
from hopfield_pebal_ros.replay.detector_process import (
    DetectorProcess,
    NodeError,
    NodePlace,
    NodeSettings,
)

PLACE = NodePlace('detector_7', '/replay_7', 8)


def process_of(code: str) -> DetectorProcess:
    """Return a process that runs `code` in place of the node."""
    settings = NodeSettings(model=Path('m.onnx'))
    process = DetectorProcess(settings, PLACE, environment={})
    process._command = [sys.executable, '-c', code]
    return process


def test_settings_become_arguments(tmp_path: Path) -> None:
    model = tmp_path / "it's 1.0.onnx"
    settings = NodeSettings(
        model=model, backend='onnxruntime', threshold=2.5, cameras=('front', 'left')
    )
    words = settings.arguments(PLACE)
    names = ['-r', '__ns:=/replay_7', '-r', '__node:=detector_7', '-r', '/clock:=/replay_7/clock']
    assert words[:7] == ['--ros-args', *names]
    assert words[7::2] == ['-p'] * len(words[8::2])
    assert {
        "model:='" + str(model).replace("'", "''") + "'",
        'backend:=onnxruntime',
        "precision:=''",
        'energy_threshold:=2.5',
        "cameras:=['front', 'left']",
        'use_sim_time:=false',
    } <= set(words)


def test_no_threshold_is_not_a_number() -> None:
    words = NodeSettings(model=Path('m.onnx')).arguments(PLACE)
    assert "cameras:=['']" in words
    (threshold,) = [word for word in words if word.startswith('energy_threshold:=')]
    assert threshold == 'energy_threshold:=.nan'
    assert math.isnan(float(threshold.partition(':=.')[2]))


def test_a_dead_process_is_noticed_with_its_last_words() -> None:
    with process_of("print('no such engine', flush=True); raise SystemExit(3)") as process:
        process._process.wait(10)  # type: ignore[union-attr]
        with pytest.raises(NodeError, match=r'exit code 3; its last lines:\nno such engine'):
            process.check()


def test_the_process_is_interrupted_at_the_end() -> None:
    code = 'import time\ntry: time.sleep(60)\nexcept KeyboardInterrupt: raise SystemExit(0)'
    with process_of(code) as process:
        time.sleep(0.5)
        process.check()
    assert process._process is not None
    assert process._process.returncode == 0


def test_a_deaf_process_is_killed_even_after_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(detector_process, 'STOP_WITHIN_S', 0.2)
    code = (
        'import signal, time\n'
        'for each in (signal.SIGINT, signal.SIGTERM): signal.signal(each, signal.SIG_IGN)\n'
        'print("deaf", flush=True); time.sleep(60)'
    )
    process = process_of(code)

    def fail_once_it_is_deaf() -> None:
        with process:
            while 'deaf' not in process.last_lines():
                time.sleep(0.05)
            raise RuntimeError('the player failed')

    with pytest.raises(RuntimeError, match='the player failed'):
        fail_once_it_is_deaf()
    assert process._process is not None
    assert process._process.returncode == -signal.SIGKILL


KILLED = """
import sys, time
from pathlib import Path
from hopfield_pebal_ros.replay.detector_process import DetectorProcess, NodePlace, NodeSettings

settings = NodeSettings(model=Path(sys.argv[1]))
with DetectorProcess(settings, NodePlace.of_this_process(), environment={}) as process:
    print(process._process.pid, flush=True)
    time.sleep(120)
"""


@pytest.mark.skipif(sys.platform != 'linux', reason='needs prctl')
def test_a_killed_replay_leaves_no_node_behind(tiny_model: Path) -> None:
    pytest.importorskip('rclpy')
    command = [sys.executable, '-c', KILLED, str(tiny_model)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as replay:
        assert replay.stdout is not None
        node = Path('/proc') / replay.stdout.readline().strip()
        deadline_s = time.monotonic() + 60
        while 'rclpy' not in (node / 'maps').read_text() and time.monotonic() < deadline_s:
            time.sleep(0.02)
        assert is_running(node)
        replay.send_signal(signal.SIGKILL)
    while is_running(node) and time.monotonic() < deadline_s:
        time.sleep(0.05)
    assert not is_running(node)


def is_running(process: Path) -> bool:
    """Return whether a process under /proc lives; one that nobody waits for is a zombie."""
    try:
        return 'State:\tZ' not in (process / 'status').read_text()
    except OSError:
        return False
