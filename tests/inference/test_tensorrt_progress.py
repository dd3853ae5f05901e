import threading
import time

import pytest

from hopfield_pebal_ros.inference.tensorrt_progress import BuildProgress, run_reporting


def test_the_line_shows_the_open_phases_with_their_steps():
    progress = BuildProgress()
    assert progress.line(0) == '0 s: preparing'
    progress.start('Building engine', 3)
    progress.start('Tactic selection', 40)
    assert progress.step('Tactic selection', 11)
    assert progress.line(65.2) == '65 s: Building engine 0/3 > Tactic selection 12/40'
    progress.finish('Tactic selection')
    progress.step('Building engine', 0)
    assert progress.line(70) == '70 s: Building engine 1/3'


def test_a_cancelled_build_is_told_to_stop_at_its_next_step():
    progress = BuildProgress()
    progress.start('Building engine', 3)
    assert progress.step('Building engine', 0)
    progress.cancel()
    assert not progress.step('Building engine', 1)


def test_a_long_build_reports_and_returns_its_result():
    lines: list[str] = []
    has_reported = threading.Event()

    def report(line: str) -> None:
        lines.append(line)
        if 'engine' in line:
            has_reported.set()

    def work(progress: BuildProgress) -> str:
        progress.start('Building engine', 2)
        assert has_reported.wait(20)
        return 'plan'

    assert run_reporting(work, report, interval_s=0.01) == 'plan'
    assert lines[-1].endswith(' s: Building engine 0/2')


def test_a_short_build_says_nothing():
    lines: list[str] = []
    assert run_reporting(lambda _: 7, lines.append) == 7
    assert lines == []


@pytest.mark.parametrize('error', [ValueError('no kernel'), TimeoutError('too slow')])
def test_the_error_of_a_build_is_passed_on(error: Exception):
    def work(_: BuildProgress) -> None:
        raise error

    with pytest.raises(type(error), match=str(error)):
        run_reporting(work, print)


def test_ctrl_c_stops_the_builder_and_waits_for_it():
    stopped_at = []

    def work(progress: BuildProgress) -> None:
        step = 0
        while progress.step('Building engine', step):
            step += 1
            time.sleep(0.001)
        stopped_at.append(step)

    def interrupt(_: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_reporting(work, interrupt, interval_s=0.01)
    assert len(stopped_at) == 1
