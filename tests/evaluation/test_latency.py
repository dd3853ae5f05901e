import pytest

from hopfield_pebal_ros.evaluation.latency import LatencyLog, percentiles_ms


def test_percentiles_by_hand():
    # 101 values 0..100: the p-th percentile is p
    assert percentiles_ms(range(101)) == {'p50': 50, 'p95': 95, 'p99': 99}


def test_percentiles_interpolate():
    assert percentiles_ms([10.0, 20.0])['p50'] == pytest.approx(15.0)


def test_percentiles_of_nothing_are_refused():
    with pytest.raises(ValueError, match='no latency was measured'):
        percentiles_ms([])


def test_latency_follows_the_stamp_and_not_the_order():
    log = LatencyLog()
    log.sent(100, 1.000)
    log.sent(200, 1.010)
    log.received(200, 1.050)
    log.received(100, 1.100)
    assert log.latencies_ms() == {200: pytest.approx(40.0), 100: pytest.approx(100.0)}
    assert log.missed() == log.unknown() == log.repeated() == []


def test_missed_unknown_and_repeated_stamps_are_told_apart():
    log = LatencyLog()
    for stamp in (1, 2, 3):
        log.sent(stamp, float(stamp))
    log.received(2, 2.5)
    log.received(2, 9.0)
    log.received(7, 9.0)
    assert log.missed() == [1, 3]
    assert log.repeated() == [2]
    assert log.unknown() == [7]
    assert log.latencies_ms() == {2: pytest.approx(500.0)}  # the first answer counts


def test_a_stamp_sent_twice_is_refused():
    log = LatencyLog()
    log.sent(5, 0.0)
    with pytest.raises(ValueError, match='stamp 5 ns was sent twice'):
        log.sent(5, 1.0)
