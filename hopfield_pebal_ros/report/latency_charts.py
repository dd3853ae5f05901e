"""Charts of latencies: how they are spread, and how they went over time."""

from collections.abc import Mapping, Sequence

from hopfield_pebal_ros.report.chart import (
    INK,
    INLIER_COLOR,
    OUTLIER_COLOR,
    Chart,
    new_axes,
    to_chart,
)

_PERCENTILE_LINES = {'p50': '-', 'p95': '--', 'p99': ':'}


def latency_histogram(latencies_ms: Sequence[float], percentiles_ms: Mapping[str, float]) -> Chart:
    """Draw the spread of latencies, with lines at the percentiles 'p50', 'p95', 'p99'."""
    with new_axes(6.1, 2.5) as (figure, axes):
        num_bins = min(30, max(8, len(latencies_ms) // 3))
        axes.hist(latencies_ms, bins=num_bins, color=INLIER_COLOR, alpha=0.75)
        for name, line in _PERCENTILE_LINES.items():
            value = percentiles_ms[name]
            axes.axvline(
                value, color=INK, linewidth=1.2, linestyle=line, label=f'{name} {value:.1f} ms'
            )
        axes.set_xlabel('latency [ms]')
        axes.set_ylabel('frames')
        axes.legend()
    return to_chart(
        figure,
        alt='Histogram of latencies: '
        + ', '.join(f'{name} {value:.1f} ms' for name, value in percentiles_ms.items()),
        caption=f'Latency of {len(latencies_ms)} frames.',
    )


def latency_timeline(
    times_s: Sequence[float], latencies_ms: Sequence[float], *, lost_times_s: Sequence[float]
) -> Chart:
    """Draw the latency of each frame over the time of the bag; frames without result as ticks.

    Args:
        times_s: of the frames with a result, since the first frame.
        latencies_ms: as many.
        lost_times_s: of the frames without a result.
    """
    with new_axes(6.1, 2.5) as (figure, axes):
        axes.plot(
            times_s, latencies_ms, color=INLIER_COLOR, linewidth=0.8, marker='.', markersize=3.5
        )
        axes.set_ylim(bottom=0)
        if lost_times_s:
            axes.plot(
                lost_times_s,
                [0.02] * len(lost_times_s),
                '|',
                transform=axes.get_xaxis_transform(),
                color=OUTLIER_COLOR,
                markersize=9,
                label=f'no result ({len(lost_times_s)})',
            )
            axes.legend()
        axes.set_xlabel('time in the bag [s]')
        axes.set_ylabel('latency [ms]')
    return to_chart(
        figure,
        alt=f'Latency over time of {len(times_s)} frames, {len(lost_times_s)} without result',
        caption='Latency of each frame over the time of the bag.',
    )
