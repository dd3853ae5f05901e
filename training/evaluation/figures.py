"""Counters of a set to figures, thresholds and their intervals."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.evaluation import operating_points
from hopfield_pebal_ros.evaluation.bootstrap import Interval, bootstrap_intervals
from hopfield_pebal_ros.evaluation.calibration_error import CalibrationCounter
from hopfield_pebal_ros.evaluation.component_metrics import figures_of_sums
from hopfield_pebal_ros.evaluation.image_log import mean_of_images
from hopfield_pebal_ros.evaluation.pixel_intervals import pixel_intervals
from hopfield_pebal_ros.evaluation.pixel_metrics import figures_of
from hopfield_pebal_ros.evaluation.segmentation_metrics import mean_over_present
from training.evaluation.class_counts import iou_per_class, open_figures
from training.evaluation.count_log import CountLog
from training.evaluation.counting import COMPONENT_COUNTS, SetCounts

Counts = npt.NDArray[np.int64]


@dataclass
class SetFigures:
    """What is said of a set; fractions 0..1, absent where they do not apply."""

    figures: dict[str, float] = field(default_factory=dict)
    intervals: dict[str, Interval] = field(default_factory=dict)
    thresholds: dict[str, float] = field(default_factory=dict)
    compatible: dict[str, dict[str, float]] = field(default_factory=dict)
    notices: list[str] = field(default_factory=list)


def figures_of_set(counts: SetCounts) -> SetFigures:
    """Return every figure that the counters hold, with intervals."""
    result = SetFigures()
    if counts.plan.has_outliers:
        _add_pixel_figures(counts, result)
    if len(counts.components):
        _add_from_log(counts.components, _component_figures, result)
    if len(counts.classes):
        with_rejection = counts.plan.rejected_from is not None and counts.plan.has_outliers
        _add_from_log(
            counts.classes, _open_class_figures if with_rejection else _class_figures, result
        )
        if with_rejection and 'open_miou' not in result.figures:
            result.notices.append(
                'No open-mIoU: no pixel has a class, or the deployed threshold rejects them all.'
            )
    if len(counts.calibration):
        _add_from_log(counts.calibration, _calibration_figures, result)
    return result


def best_f1_threshold(counts: SetCounts) -> float:
    """Return the energy from which flagging gives the best pixel F1.

    Raises:
        ValueError: no outlier or no inlier was counted.
    """
    points = _points(counts)
    points.require_both_classes()
    return operating_points.best_f1(points)[1]


def _points(counts: SetCounts) -> operating_points.OperatingPoints:
    if counts.exact is not None:
        return counts.exact.operating_points()
    return counts.pixels.occupied().operating_points()


def _add_pixel_figures(counts: SetCounts, result: SetFigures) -> None:
    points = _points(counts)
    figures = figures_of(points)
    result.figures |= {
        name: getattr(figures, name) for name in ('ap', 'fpr95', 'auroc', 'best_f1')
    }
    at_95 = int(np.searchsorted(points.true_positive_rate(), 0.95))
    result.thresholds['best_f1'] = figures.best_f1_threshold
    result.thresholds['tpr95'] = float(points.thresholds[at_95])
    result.figures |= counts.sizes.ap_by_size(counts.pixels)
    result.figures |= {
        name: value
        for name, value in mean_of_images(counts.images).items()
        if name != 'mean_image_count'
    }
    if figures.largest_tie > 0.01:
        result.notices.append(
            f'Saturated energies: {100 * figures.largest_tie:.1f} % of the outlier pixels share '
            'one value, so AP depends on how ties are counted. Store energies as float32 and '
            'without a sigmoid.'
        )
    for name, metric in counts.compatible.items():
        theirs = metric.figures()
        result.compatible[name] = {
            'ap': theirs.ap,
            'auroc': theirs.auroc,
            'fpr95': theirs.fpr95,
        }
    try:
        result.intervals |= pixel_intervals(counts.images)
    except ValueError as error:
        result.notices.append(f'No intervals of the pixel figures: {error}.')


def _add_from_log(
    log: CountLog, statistic: Callable[[Counts], dict[str, float] | None], result: SetFigures
) -> None:
    found = statistic(log.total())
    if found is None:
        return
    result.figures |= found
    try:
        result.intervals |= bootstrap_intervals(log.by_group(), statistic)
    except ValueError as error:
        result.notices.append(f'No intervals of {", ".join(found)}: {error}.')


def _component_figures(counts: Counts) -> dict[str, float] | None:
    length = math.prod(COMPONENT_COUNTS)
    if counts[length] == 0:
        return None
    figures = figures_of_sums(counts[:length].reshape(COMPONENT_COUNTS), counts[length:])
    return {'siou': figures.siou, 'ppv': figures.ppv, 'component_f1': figures.component_f1}


def _class_figures(counts: Counts) -> dict[str, float] | None:
    iou = iou_per_class(counts)
    return None if np.isnan(iou).all() else {'miou': mean_over_present(iou)}


def _open_class_figures(counts: Counts) -> dict[str, float] | None:
    closed = _class_figures(counts)
    try:
        figures = open_figures(counts)
    except ValueError:  # no pixel with a class, or all rejected
        return closed
    return (closed or {}) | {
        'open_miou': figures.open_miou,
        'miou_of_accepted': figures.miou_of_accepted,
        'rejected_inlier_share': figures.rejected_inlier_share,
    }


def _calibration_figures(counts: Counts) -> dict[str, float] | None:
    arrays: dict[str, Any] = {'counts': counts}
    counter = CalibrationCounter.from_arrays(arrays)
    return {'ece': counter.ece()} if counts[0].any() else None
