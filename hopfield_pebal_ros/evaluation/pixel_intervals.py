"""Intervals of AP, AUROC, FPR95 and best F1 from a log of images."""

from typing import Final

import numpy as np

from hopfield_pebal_ros.evaluation import operating_points
from hopfield_pebal_ros.evaluation.bootstrap import (
    RESAMPLES,
    Counts,
    Figures,
    Interval,
    bootstrap_intervals,
    sums_by_group,
)
from hopfield_pebal_ros.evaluation.image_log import ImageLog, thinned
from hopfield_pebal_ros.evaluation.pixel_metrics import SparseCounts
from hopfield_pebal_ros.evaluation.score_keys import from_keys

_LEVELS_PER_CLASS: Final = 2048  # of the pooled set; finer than those of one image


def pixel_intervals(
    log: ImageLog, *, level: float = 0.95, resamples: int = RESAMPLES, seed: int = 0
) -> dict[str, Interval]:
    """Resample the images of a log, by scene where scenes are known.

    Returns:
        Intervals of 'ap', 'auroc', 'fpr95' and 'best_f1' of the pooled pixels.

    Raises:
        ValueError: fewer than two images or scenes, or hardly any with outliers.
    """
    keys, counts = _on_common_levels(log)
    units = sums_by_group(counts, [each.group for each in log])
    thresholds = from_keys(keys)

    def statistic(sums: Counts) -> Figures | None:
        return _figures(operating_points.from_class_counts(thresholds, sums[1], sums[0]))

    return bootstrap_intervals(units, statistic, level=level, resamples=resamples, seed=seed)


def paired_difference(
    first: ImageLog,
    second: ImageLog,
    *,
    level: float = 0.95,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> dict[str, Interval]:
    """Resample the images of two logs together: the figures of the first less the second's.

    Args:
        first: of one scorer.
        second: of another, on the same images in the same order.
        level: share of the resamples inside the interval, 0..1.
        resamples: how many times to draw.
        seed: of the draw.

    Raises:
        ValueError: the images differ, are fewer than two, or hardly any has outliers.
    """
    if [each.name for each in first] != [each.name for each in second]:
        raise ValueError('the two logs are not of the same images in the same order')
    levels, counts = zip(*(_on_common_levels(log) for log in (first, second)), strict=True)
    thresholds = [from_keys(each) for each in levels]
    units = sums_by_group(np.concatenate(counts, axis=2), [each.group for each in first])
    split = len(levels[0])

    def statistic(sums: Counts) -> Figures | None:
        found = [
            _figures(operating_points.from_class_counts(each, part[1], part[0]))
            for each, part in zip(thresholds, (sums[:, :split], sums[:, split:]), strict=True)
        ]
        if found[0] is None or found[1] is None:
            return None
        return {name: found[0][name] - found[1][name] for name in found[0]}

    return bootstrap_intervals(units, statistic, level=level, resamples=resamples, seed=seed)


def _figures(points: operating_points.OperatingPoints) -> Figures | None:
    if points.num_outlier == 0 or points.num_inlier == 0:
        return None
    return {
        'ap': operating_points.average_precision(points),
        'auroc': operating_points.area_under_roc(points),
        'fpr95': operating_points.false_positive_rate_at(points),
        'best_f1': operating_points.best_f1(points)[0],
    }


def _on_common_levels(log: ImageLog) -> tuple[Counts, Counts]:
    """Return the energy keys (L,) and the inlier and outlier pixels of each image (N, 2, L)."""
    records = [each.counts for each in log]
    if not records:
        raise ValueError('no image was measured: nothing to resample')
    keys, place = np.unique(np.concatenate([each.keys for each in records]), return_inverse=True)
    pooled = np.zeros((2, len(keys)), np.int64)
    np.add.at(pooled[0], place.ravel(), np.concatenate([each.inlier for each in records]))
    np.add.at(pooled[1], place.ravel(), np.concatenate([each.outlier for each in records]))
    levels = thinned(SparseCounts(keys, pooled[0], pooled[1]), _LEVELS_PER_CLASS).keys
    counts = np.zeros((len(records), 2, len(levels)), np.int64)
    for image, each in zip(counts, records, strict=True):
        level = np.searchsorted(levels, each.keys, side='right') - 1
        np.add.at(image[0], level, each.inlier)
        np.add.at(image[1], level, each.outlier)
    return levels.astype(np.int64), counts
