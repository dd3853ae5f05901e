"""Charts of anomaly energies: histogram with the threshold, precision-recall, ROC."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes

from hopfield_pebal_ros.inference.overlay import draw_energy
from hopfield_pebal_ros.report.chart import (
    FAINT_INK,
    INK,
    INLIER_COLOR,
    OUTLIER_COLOR,
    Chart,
    new_axes,
    to_chart,
)

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]


def energy_histogram(
    bin_edges: Floats,
    inlier_counts: Counts,
    outlier_counts: Counts | None,
    *,
    threshold: float,
    unit: str,
) -> Chart:
    """Draw how energies are spread, each class as a share of its own pixels.

    Args:
        bin_edges: (B + 1,) energies.
        inlier_counts: (B,) pixels; all pixels where nothing is labelled.
        outlier_counts: (B,) pixels, or None where nothing is labelled.
        threshold: energy above which a pixel counts as anomalous.
        unit: of the energies.
    """
    with new_axes(6.1, 2.7) as (figure, axes):
        name = 'all pixels' if outlier_counts is None else 'inlier pixels'
        _steps(axes, bin_edges, inlier_counts, name, INLIER_COLOR)
        if outlier_counts is not None:
            _steps(axes, bin_edges, outlier_counts, 'outlier pixels', OUTLIER_COLOR)
        # a threshold far outside the energies would squeeze them into a corner
        margin = 0.05 * (bin_edges[-1] - bin_edges[0])
        axes.set_xlim(
            min(bin_edges[0], max(threshold, bin_edges[0] - 5 * margin) - margin),
            max(bin_edges[-1], min(threshold, bin_edges[-1] + 5 * margin) + margin),
        )
        axes.axvline(threshold, color=INK, linewidth=1.2, linestyle='--')
        axes.plot(
            [], [], color=INK, linewidth=1.2, linestyle='--', label=f'threshold {threshold:.3g}'
        )
        axes.set_ylim(bottom=0)
        axes.set_xlabel(f'anomaly energy [{unit}], higher is more anomalous')
        axes.set_ylabel('share of pixels [%]')
        axes.legend()
    return to_chart(
        figure,
        alt=f'Histogram of the anomaly energy of {name}'
        + ('' if outlier_counts is None else ' and outlier pixels')
        + f', threshold {threshold:.3g} {unit}',
        caption='How the anomaly energy is spread over the pixels. '
        'What lies right of the dashed threshold is reported as anomaly.',
    )


def energy_colors(*, threshold: float, scale: float, unit: str) -> Chart:
    """Draw the colours of energy pictures as a bar with energies.

    Args:
        threshold: where blue ends and red begins.
        scale: inlier standard deviation, in `unit`.
        unit: of the energies.
    """
    with new_axes(4.4, 0.55) as (figure, axes):
        low, high = threshold - 3 * scale, threshold + 3 * scale
        ramp = np.linspace(low, high, 512, dtype=np.float32)[None]
        colors = draw_energy(ramp, threshold=threshold, scale=scale)
        axes.imshow(colors, aspect='auto', extent=(low, high, 0, 1))
        axes.set_yticks([])
        axes.grid(visible=False)
        axes.set_xticks([low, threshold, high], [f'{each:.3g}' for each in (low, threshold, high)])
        axes.spines[['left', 'bottom']].set_visible(False)
    return to_chart(
        figure,
        alt=f'Colours of energies from {low:.3g} to {high:.3g} {unit}',
        caption=f'Colours of the energy pictures [{unit}]: red begins at the threshold, '
        f'{threshold:.3g}; three inlier standard deviations on either side.',
    )


def anomaly_timeline(times_s: Sequence[float], anomaly_shares: Sequence[float]) -> Chart:
    """Draw the share of anomalous pixels of each frame over the time of the recording.

    Args:
        times_s: of the frames, since the first.
        anomaly_shares: as many, fractions 0..1.
    """
    with new_axes(6.1, 2.7) as (figure, axes):
        percent = [100 * share for share in anomaly_shares]
        axes.fill_between(times_s, percent, color=OUTLIER_COLOR, alpha=0.2, linewidth=0)
        axes.plot(times_s, percent, color=OUTLIER_COLOR, linewidth=1.2, marker='.', markersize=3.5)
        axes.set_ylim(bottom=0)
        axes.set_xlabel('time [s]')
        axes.set_ylabel('anomalous pixels [%]')
    largest = max(percent, default=0.0)
    return to_chart(
        figure,
        alt=f'Share of anomalous pixels over time, up to {largest:.2f} %',
        caption='Share of the pixels above the threshold, frame by frame.',
    )


def precision_recall_curve(recall: Floats, precision: Floats, *, ap: float) -> Chart:
    """Draw precision over recall, both (N,) fractions; `ap` is the area as a step sum."""
    with new_axes(3.0, 2.7) as (figure, axes):
        axes.step(100 * recall, 100 * precision, where='post', color=OUTLIER_COLOR, linewidth=1.6)
        axes.set(xlim=(0, 100), ylim=(0, 102), xlabel='recall [%]', ylabel='precision [%]')
    return to_chart(
        figure,
        alt=f'Precision-recall curve, average precision {100 * ap:.1f} %',
        caption=f'Precision over recall of outlier pixels; AP {100 * ap:.1f} %.',
    )


def roc_curve(fpr: Floats, tpr: Floats, *, auroc: float, fpr95: float) -> Chart:
    """Draw the true over the false positive rate, both (N,) fractions, with the 95 % point."""
    with new_axes(3.0, 2.7) as (figure, axes):
        axes.plot(100 * fpr, 100 * tpr, color=INLIER_COLOR, linewidth=1.6)
        axes.plot([0, 100], [0, 100], color=FAINT_INK, linewidth=0.8, linestyle=':')
        axes.plot([100 * fpr95], [95], 'o', color=OUTLIER_COLOR, markersize=5)
        axes.text(0.97, 0.06, f'FPR95 {100 * fpr95:.1f} %', transform=axes.transAxes, ha='right')
        axes.set(
            xlim=(-1, 100),
            ylim=(0, 102),
            xlabel='inlier pixels flagged [%]',
            ylabel='outlier pixels flagged [%]',
        )
    return to_chart(
        figure,
        alt=f'ROC curve, AUROC {100 * auroc:.1f} %, FPR95 {100 * fpr95:.1f} %',
        caption=f'Outlier pixels found over inlier pixels flagged; AUROC {100 * auroc:.1f} %.',
    )


def _steps(axes: Axes, bin_edges: Floats, counts: Counts, name: str, color: str) -> None:
    shares = 100.0 * counts / max(int(counts.sum()), 1)
    axes.stairs(shares, bin_edges, fill=True, color=color, alpha=0.25)
    axes.stairs(shares, bin_edges, color=color, linewidth=1.4, label=name)
