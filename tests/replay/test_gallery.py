"""Which frames a report shows."""

from hopfield_pebal_ros.replay.evaluated_run import FrameRecord
from hopfield_pebal_ros.replay.frame_statistics import FrameStatistics
from hopfield_pebal_ros.replay.gallery import best_and_worst, most_anomalous, spread_over_time


def frame(index: int, *, ap: float | None = None, share: float = 0.0) -> FrameRecord:
    statistics = FrameStatistics(
        energy={}, anomaly_share=share, regions=(), figures={} if ap is None else {'ap': ap}
    )
    return FrameRecord(
        index=index, stamp_ns=index, status='ok', latency_ms={}, statistics=statistics
    )


def dropped(index: int) -> FrameRecord:
    return FrameRecord(index=index, stamp_ns=index, status='dropped', latency_ms={})


def indices(frames: tuple[FrameRecord, ...]) -> list[int]:
    return [each.index for each in frames]


def test_frames_are_spread_from_the_first_to_the_last_result() -> None:
    frames = [dropped(0), *(frame(index) for index in range(1, 10)), dropped(10)]
    assert indices(spread_over_time(frames, 3)) == [1, 5, 9]


def test_few_frames_are_all_shown() -> None:
    assert indices(spread_over_time([frame(0), dropped(1), frame(2)], 5)) == [0, 2]


def test_best_and_worst_are_ranked_and_never_the_same() -> None:
    frames = [frame(0, ap=0.2), frame(1, ap=0.9), frame(2), frame(3, ap=0.5)]
    best, worst = best_and_worst(frames, 2)
    assert (indices(best), indices(worst)) == ([1, 3], [0])


def test_one_labelled_frame_is_best_and_nothing_is_worst() -> None:
    best, worst = best_and_worst([frame(0, ap=0.2)], 2)
    assert (indices(best), indices(worst)) == ([0], [])


def test_frames_without_anomaly_are_not_called_anomalous() -> None:
    frames = [frame(0), frame(1, share=0.1), frame(2, share=0.3), dropped(3)]
    assert indices(most_anomalous(frames, 3)) == [2, 1]
