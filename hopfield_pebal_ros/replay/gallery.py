"""Choose which frames of a run a report shows."""

from collections.abc import Sequence

import numpy as np

from hopfield_pebal_ros.replay.evaluated_run import FrameRecord


def spread_over_time(frames: Sequence[FrameRecord], count: int) -> tuple[FrameRecord, ...]:
    """Return up to `count` frames with results at equal steps, the first and the last included."""
    shown = [frame for frame in frames if frame.statistics is not None]
    if len(shown) <= count:
        return tuple(shown)
    places = np.linspace(0, len(shown) - 1, count).round().astype(int)
    return tuple(shown[place] for place in places)


def best_and_worst(
    frames: Sequence[FrameRecord], count: int
) -> tuple[tuple[FrameRecord, ...], tuple[FrameRecord, ...]]:
    """Return the `count` frames of the highest and of the lowest AP, without a frame in both.

    Frames whose ground truth has no outlier or no inlier have no AP and take no part.
    """
    ranked = sorted(
        (frame for frame in frames if frame.statistics and 'ap' in frame.statistics.figures),
        key=average_precision_of,
        reverse=True,
    )
    best = ranked[: min(count, (len(ranked) + 1) // 2)]
    worst = ranked[len(best) :][-count:][::-1]
    return tuple(best), tuple(worst)


def most_anomalous(frames: Sequence[FrameRecord], count: int) -> tuple[FrameRecord, ...]:
    """Return the `count` frames with the largest share of anomalous pixels, if they have any."""
    ranked = sorted(frames, key=anomaly_share_of, reverse=True)
    return tuple(frame for frame in ranked[:count] if anomaly_share_of(frame) > 0)


def average_precision_of(frame: FrameRecord) -> float:
    return 0.0 if frame.statistics is None else frame.statistics.figures.get('ap', 0.0)


def anomaly_share_of(frame: FrameRecord) -> float:
    return 0.0 if frame.statistics is None else frame.statistics.anomaly_share
