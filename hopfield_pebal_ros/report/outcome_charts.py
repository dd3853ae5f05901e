"""Charts of an evaluated set: energies with several thresholds, reliability, curves of runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

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

RUN_COLORS: Final = (OUTLIER_COLOR, INLIER_COLOR, '#2f8f5b', '#8a5bb5', '#b8860b', '#444f5a')
_LINES: Final = ('--', ':', '-.', (0, (6, 2, 1, 2)))
_NUM_DECADES: Final = 6  # of the false positive rate, at the least


@dataclass(frozen=True, kw_only=True)
class RunCurve:
    """One line of a chart that compares runs."""

    name: str
    x: Floats
    """(N,) fractions."""
    y: Floats
    """(N,) fractions."""
    figure: float
    """A fraction; said beside the name."""


def energies_and_thresholds(
    bin_edges: Floats,
    inlier_counts: Counts,
    outlier_counts: Counts,
    *,
    thresholds: Mapping[str, float],
    unit: str,
) -> Chart:
    """Draw the energies of both classes, each as a share of its own pixels, and where to cut.

    Args:
        bin_edges: (B + 1,) energies.
        inlier_counts: (B,) pixels.
        outlier_counts: (B,) pixels; all 0 where the set has no outliers.
        thresholds: name -> energy.
        unit: of the energies.
    """
    with new_axes(6.1, 3.0) as (figure, axes):
        classes = [('inlier pixels', inlier_counts, INLIER_COLOR)]
        if outlier_counts.any():
            classes.append(('outlier pixels', outlier_counts, OUTLIER_COLOR))
        for name, counts, color in classes:
            shares = 100.0 * counts / max(int(counts.sum()), 1)
            axes.stairs(shares, bin_edges, fill=True, color=color, alpha=0.25)
            axes.stairs(shares, bin_edges, color=color, linewidth=1.4, label=name)
        for index, (name, energy) in enumerate(thresholds.items()):
            inside = float(np.clip(energy, bin_edges[0], bin_edges[-1]))
            axes.axvline(
                inside,
                color=INK,
                linewidth=1.2,
                linestyle=_LINES[index % len(_LINES)],
                label=f'{name} {energy:.3g}',
            )
        axes.set_ylim(bottom=0)
        axes.set_xlabel(f'anomaly energy [{unit}], higher is more anomalous')
        axes.set_ylabel('share of pixels [%]')
        axes.legend(fontsize=8)
    listed = ', '.join(f'{name} {energy:.3g}' for name, energy in thresholds.items())
    return to_chart(
        figure,
        alt=f'Histogram of the anomaly energy of {" and ".join(each[0] for each in classes)}; '
        f'thresholds: {listed or "none"}',
        caption='How energies are spread over the pixels of each class. What lies beyond the ends '
        'is in the outermost bins.',
    )


def energy_reliability_chart(
    lowest_energy: Floats, outlier_share: Floats, *, unit: str, base_rate: float
) -> Chart:
    """Draw which share of the pixels of each energy level is outlier.

    Args:
        lowest_energy: (L,) where each level begins, rising.
        outlier_share: (L,) fractions.
        unit: of the energies.
        base_rate: share of outliers among all pixels, a fraction.
    """
    with new_axes(6.1, 3.0) as (figure, axes):
        axes.plot(
            lowest_energy,
            100 * outlier_share,
            color=OUTLIER_COLOR,
            marker='o',
            markersize=3.5,
            linewidth=1.4,
        )
        axes.axhline(100 * base_rate, color=FAINT_INK, linewidth=0.9, linestyle=':')
        axes.annotate(
            f'all pixels {100 * base_rate:.2g} %',
            (0.01, 100 * base_rate),
            xycoords=('axes fraction', 'data'),
            xytext=(0, 3),
            textcoords='offset points',
            color=FAINT_INK,
            fontsize=8,
        )
        axes.set_ylim(0, min(103, max(5.0, 115 * float(np.max(outlier_share)))))
        axes.set_xlabel(f'anomaly energy [{unit}], from here to the next point')
        axes.set_ylabel('outliers among them [%]')
    return to_chart(
        figure,
        alt=f'Share of outliers by energy, from {100 * outlier_share[0]:.2g} % to '
        f'{100 * outlier_share[-1]:.2g} %',
        caption='Reliability of the energy: each point stands for an equal part of the '
        'outliers. A trustworthy energy rises to the right; a dip means inliers that look more '
        'anomalous than outliers.',
    )


def precision_recall_of_runs(runs: Sequence[RunCurve]) -> Chart:
    """Draw precision over recall of several runs; the figure is AP."""
    with new_axes(5.2, 3.6) as (figure, axes):
        for index, run in enumerate(runs):
            axes.step(
                100 * run.x,
                100 * run.y,
                where='post',
                color=RUN_COLORS[index % len(RUN_COLORS)],
                linewidth=1.6,
                label=f'{run.name}, AP {100 * run.figure:.1f} %',
            )
        axes.set(xlim=(0, 100), ylim=(0, 102), xlabel='recall [%]', ylabel='precision [%]')
        axes.legend(fontsize=8)
    return to_chart(
        figure, alt=_said('Precision-recall curves', 'AP', runs), caption='Precision over recall.'
    )


def roc_of_runs(runs: Sequence[RunCurve]) -> Chart:
    """Draw the true over the false positive rate, on a log axis, of several runs.

    The figure is AUROC. The log axis shows the left end, where a vehicle works.
    """
    with new_axes(5.2, 3.6) as (figure, axes):
        for index, run in enumerate(runs):
            axes.plot(
                100 * np.maximum(run.x, 10.0**-_NUM_DECADES),
                100 * run.y,
                color=RUN_COLORS[index % len(RUN_COLORS)],
                linewidth=1.6,
                label=f'{run.name}, AUROC {100 * run.figure:.1f} %',
            )
        axes.axhline(95, color=FAINT_INK, linewidth=0.8, linestyle=':')
        axes.set(
            xscale='log',
            xlim=(1e-3, 100),
            ylim=(0, 102),
            xlabel='inlier pixels flagged [%], log axis',
            ylabel='outlier pixels flagged [%]',
        )
        axes.legend(fontsize=8, loc='upper left')
    return to_chart(
        figure,
        alt=_said('ROC curves', 'AUROC', runs),
        caption='Outlier pixels found over inlier pixels flagged; dotted: 95 %.',
    )


def _said(what: str, figure_name: str, runs: Sequence[RunCurve]) -> str:
    said = ', '.join(f'{run.name} {figure_name} {100 * run.figure:.1f} %' for run in runs)
    return f'{what}: {said}'
