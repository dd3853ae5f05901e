"""The node as a process: how it ends, with which exit code, and what it says."""

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

pytest.importorskip('rclpy')

NODE = 'hopfield_pebal_ros.node.detector_node'
PATIENCE_S = 30


def start(*parameters: str) -> subprocess.Popen[str]:
    arguments = [part for each in parameters for part in ('-p', each)]
    return subprocess.Popen(
        [sys.executable, '-X', 'faulthandler', '-m', NODE, '--ros-args', *arguments],
        stderr=subprocess.PIPE,
        text=True,
    )


def end_of(process: subprocess.Popen[str], *, said: str = '') -> tuple[int, str]:
    """Wait for the end; return exit code and all it said. A hanging node says where it hangs."""
    try:
        rest = process.communicate(timeout=PATIENCE_S)[1]
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGABRT)
        pytest.fail(f'does not end: {said + process.communicate()[1]}')
    return process.returncode, said + rest


def signalled(process: subprocess.Popen[str], words: str, number: int) -> tuple[int, str]:
    """Send a signal as soon as the node has said `words`."""
    watchdog = threading.Timer(PATIENCE_S, process.send_signal, (signal.SIGABRT,))
    watchdog.start()
    said = ''
    for line in process.stderr:
        said += line
        if words in line:
            process.send_signal(number)
            break
    watchdog.cancel()
    return end_of(process, said=said)


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_an_active_node_with_exit_code_0(tiny_model: Path, number: int) -> None:
    code, said = signalled(start(f'model:={tiny_model}'), 'activate: done', number)
    assert 'activate: done' in said
    assert (code, 'Traceback' in said) == (0, False), said


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_an_unconfigured_node_with_exit_code_0(number: int) -> None:
    code, said = signalled(start('autostart:=false'), 'waiting for the transition', number)
    assert (code, said.count('\n')) == (0, 1), said


def test_a_signal_that_comes_twice_at_once_counts_once() -> None:
    """A launcher and the terminal both send it."""
    process = start('autostart:=false')
    for line in process.stderr:
        if 'waiting for the transition' in line:
            process.send_signal(signal.SIGINT)
            time.sleep(0.02)
            process.send_signal(signal.SIGINT)
            break
    code, said = end_of(process)
    assert code == 0, said


SLOW_MODEL = """
import time
from hopfield_pebal_ros.inference.detector import AnomalyDetector
AnomalyDetector.open = lambda *_, **__: time.sleep(600)
from hopfield_pebal_ros.node import detector_node, opening
opening.open_in_thread.__kwdefaults__['tell_every_s'] = 0.2
detector_node._PATIENCE_S = 0.3
raise SystemExit(detector_node.main())
"""


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_while_the_model_is_still_opened(number: int) -> None:
    process = subprocess.Popen(
        [sys.executable, '-c', SLOW_MODEL], stderr=subprocess.PIPE, text=True
    )
    code, said = signalled(process, 'still opening', number)
    assert code == 0, said
    assert 'on openvino, 0 s so far' in said
    assert 'configure failed: asked to stop while the model was being opened' in said
    assert 'Traceback' not in said


def test_a_missing_model_ends_it_with_exit_code_1_and_the_reason() -> None:
    code, said = end_of(start('model:=/nowhere/model.onnx'))
    assert code == 1
    assert 'configure failed: no model file /nowhere/model.onnx' in said
    assert 'training.export' in said
    assert 'Traceback' not in said


def test_a_foreign_model_ends_it_with_exit_code_1_and_the_reason(tmp_path: Path) -> None:
    path = tmp_path / 'foreign.onnx'
    path.write_bytes(b'not a model at all')
    code, said = end_of(start(f'model:={path}'))
    assert code == 1
    assert 'not a readable ONNX file' in said
    assert 'Traceback' not in said


@pytest.mark.parametrize(
    ('parameter', 'reason'),
    [
        ('overlay_label_alpha:=2.0', 'Max: 1.0, value: 2.0'),
        ('backend:=tpu', "backend must be one of 'openvino'"),
        ('num_threads:=many', 'num_threads'),
    ],
)
def test_a_bad_parameter_at_the_start_ends_it_with_the_reason(parameter: str, reason: str) -> None:
    code, said = end_of(start(parameter))
    assert code == 1
    assert 'cannot start' in said
    assert reason in said
    assert 'Traceback' not in said
