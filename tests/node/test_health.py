"""Counts, rates and percentiles by hand, with a clock moved by hand."""

import pytest

from hopfield_pebal_ros.node.health import FrameTimes, Health


class Clock:
    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def times(**changes: float) -> FrameTimes:
    values = dict.fromkeys(FrameTimes.__dataclass_fields__, 1.0)
    return FrameTimes(**{**values, **changes})


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def health(clock: Clock) -> Health:
    return Health(['front', 'left'], window_s=10.0, clock=clock)


def test_a_new_camera_waits(health, clock):
    clock.now_s += 3
    found = health.of('front')
    assert (found.state, found.silent_s) == ('waiting', 3.0)
    assert (found.input_rate_hz, found.latency_ms, found.last_times) == (0.0, {}, None)


def test_a_steady_camera_has_its_rate_and_no_other_camera_has_it(health, clock):
    for _ in range(21):
        health.received('front')
        clock.now_s += 0.5
    # 10.5 s: the window holds those at 0.5 .. 10 s, 19 intervals in 10 s
    assert health.of('front').input_rate_hz == pytest.approx(19 / 10)
    assert health.of('front').num_received == 21
    assert health.of('left').num_received == 0


def test_the_rate_falls_when_nothing_comes(health, clock):
    for _ in range(3):
        health.received('front')
        clock.now_s += 1
    clock.now_s += 3  # three images in the 6 s since the first
    assert health.of('front').input_rate_hz == pytest.approx(2 / 6)
    assert health.of('front').silent_s == pytest.approx(4)
    clock.now_s += 100
    assert health.of('front').input_rate_hz == 0.0
    assert health.of('front').silent_s == pytest.approx(104)


def test_percentiles_are_of_the_last_seconds_only(health, clock):
    health.published('front', times(latency_ms=9000.0, processing_ms=8000.0))
    clock.now_s += 11
    for value in range(101):  # 0, 1, ... 100 ms: the percentile is its own rank
        health.published('front', times(latency_ms=float(value), processing_ms=2.0 * value))
    found = health.of('front')
    assert found.latency_ms == pytest.approx({50: 50, 95: 95, 99: 99})
    assert found.processing_ms == pytest.approx({50: 100, 95: 190, 99: 198})
    assert found.num_published == 102


@pytest.mark.parametrize('latency_ms', [-0.1, 60_001.0])
def test_a_stamp_of_another_clock_is_counted_and_is_no_latency(health, latency_ms):
    health.published('front', times(latency_ms=latency_ms, processing_ms=5.0))
    found = health.of('front')
    assert (found.num_off_clock, found.latency_ms) == (1, {})
    assert found.processing_ms == {50: 5.0, 95: 5.0, 99: 5.0}


def test_the_last_event_decides_the_state_and_reasons_stay(health):
    health.rejected('front', 'short data')
    assert health.of('front').state == 'rejected'
    health.failed('front', 'device lost')
    assert health.of('front').state == 'failed'
    health.idle('front')
    assert health.of('front').state == 'failed'
    health.published('front', times())
    found = health.of('front')
    assert (found.state, found.num_rejected, found.num_failed, found.num_idle) == ('ok', 1, 1, 1)
    assert (found.last_rejection, found.last_failure) == ('short data', 'device lost')


def test_lost_images_add_up(health):
    health.lost('left', 2)
    health.lost('left', 3)
    assert health.of('left').num_lost == 5


def test_nobody_waits_for_images_that_are_not_wanted(health, clock):
    health.received('front')
    health.want('front', False)
    clock.now_s += 50
    health.published('front', times())  # was in work when the last listener left
    found = health.of('front')
    assert (found.state, found.silent_s) == ('idle', 0.0)
    assert health.of('left').silent_s == 50.0


def test_slow_frames_in_a_row_are_timed_from_the_first(health, clock):
    health.allowed_processing_ms = 100.0
    for processing_ms in (90.0, 200.0, 150.0):
        clock.now_s += 1
        health.published('front', times(processing_ms=processing_ms))
    clock.now_s += 0.5
    assert health.of('front').slow_for_ms == pytest.approx(200 + 1000 + 500)
    health.published('front', times(processing_ms=100.0))
    assert health.of('front').slow_for_ms == 0.0


def test_reset_counts_from_zero_and_keeps_the_state(health):
    health.received('front')
    health.published('front', times())
    health.want('left', False)
    health.reset()
    found = health.of('front')
    assert (found.num_received, found.num_published, found.latency_ms) == (0, 0, {})
    assert (found.state, health.of('left').state) == ('ok', 'idle')


def test_wanting_again_waits_again_and_keeps_the_counts(health, clock):
    health.received('front')
    health.published('front', times())
    clock.now_s += 50
    health.want('front', True)
    clock.now_s += 1
    found = health.of('front')
    assert (found.state, found.silent_s, found.num_received) == ('waiting', 1.0, 1)
    assert found.latency_ms == {}
