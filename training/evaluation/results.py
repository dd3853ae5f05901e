"""results.json: what was evaluated, by which definitions, and every figure; written and read."""

import json
import math
import platform
from collections.abc import Mapping
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

import numpy as np

from hopfield_pebal_ros.evaluation.component_metrics import SizeFilter
from hopfield_pebal_ros.evaluation.curves import Curves, thin_curves
from hopfield_pebal_ros.evaluation.energy_reliability import energy_reliability
from hopfield_pebal_ros.evaluation.pixel_metrics import SparseCounts
from training.data.benchmarks.benchmark import Benchmark
from training.data.benchmarks.scan import SetSummary
from training.evaluation.class_counts import iou_per_class
from training.evaluation.counting import CountingPlan, SetCounts
from training.evaluation.definitions import definition_of
from training.evaluation.figures import SetFigures
from training.evaluation.scores import Scorer

FORMAT: Final = 1
FILE_NAME: Final = 'results.json'

Document = dict[str, Any]
"""JSON types only."""


def header(
    benchmark: Benchmark, summary: SetSummary, scorer: Scorer, plan: CountingPlan, cut: str
) -> Document:
    """Return what is known before anything is counted; the shards of a run have the same one.

    No path is in it, so that shards may be counted on several machines.

    Args:
        benchmark: the set.
        summary: of the set.
        scorer: what is evaluated.
        plan: how it is counted.
        cut: the --component-threshold that the user gave.
    """
    classes = [] if benchmark.label_set is None else list(benchmark.label_set.classes)
    data = asdict(summary)
    data['pairs'] = data.pop('num_pairs')
    return {
        'format': FORMAT,
        'definition': definition_of(plan, cut, has_groups=summary.num_groups > 0),
        'data': {
            'name': benchmark.name,
            'variant': benchmark.variant,
            **data,
            'notices': list(benchmark.notices),
        },
        'scorer': {
            'name': scorer.name,
            'sha256': scorer.sha256,
            'unit': scorer.unit,
            'facts': [list(each) for each in scorer.facts],
        },
        'deployed_threshold': scorer.threshold,
        'plan': {
            'has_outliers': plan.has_outliers,
            'rejected_from': plan.rejected_from,
            'components_from': plan.components_from,
            'size_filter': [plan.size_filter.predicted, plan.size_filter.truth],
        },
        'classes': [{'name': each.name, 'color_rgb': list(each.color_rgb)} for each in classes],
        'notices': [],
    }


def document(head: Mapping[str, Any], counts: SetCounts, found: SetFigures) -> Document:
    """Return the whole document."""
    thresholds = dict(found.thresholds)
    if head['deployed_threshold'] is not None:
        thresholds['deployed'] = head['deployed_threshold']
    if counts.plan.components_from is not None:
        thresholds['components'] = counts.plan.components_from
    result: Document = {
        **head,
        'figures': found.figures,
        'intervals': {name: asdict(each) for name, each in found.intervals.items()},
        'thresholds': {name: value for name, value in thresholds.items() if math.isfinite(value)},
        'compatible': found.compatible,
        'images': [
            {
                'name': each.name,
                'group': each.group,
                'outlier_pixels': int(each.counts.outlier.sum()),
                'inlier_pixels': int(each.counts.inlier.sum()),
                **_numbers({'ap': each.ap, 'auroc': each.auroc, 'fpr95': each.fpr95}),
            }
            for each in counts.images
        ],
        'notices': [*head['notices'], *found.notices],
        'versions': _versions(),
    }
    del result['deployed_threshold'], result['plan']
    if len(counts.classes):
        for each, iou in zip(
            result['classes'], iou_per_class(counts.classes.total()), strict=True
        ):
            each |= _numbers({'iou': float(iou)})
    if counts.plan.has_outliers:
        result['curves'] = _curves(counts)
    return result


def plan_of(head: Mapping[str, Any]) -> CountingPlan:
    """Return the plan that a header was made with, as far as figures depend on it."""
    plan = head['plan']
    predicted, truth = plan['size_filter']
    return CountingPlan(
        size_filter=SizeFilter(predicted=predicted, truth=truth),
        has_outliers=plan['has_outliers'],
        rejected_from=plan['rejected_from'],
        components_from=plan['components_from'],
    )


def write_results(folder: Path, results: Document) -> Path:
    """Write DIR/results.json."""
    path = folder / FILE_NAME
    path.write_text(json.dumps(results, indent=1, allow_nan=False) + '\n', 'utf-8')
    return path


def read_results(folder: Path) -> Document:
    """Read the results of an earlier run: its folder, or the file itself.

    Raises:
        ValueError: there is no such file, or it is of another program.
    """
    path = folder if folder.suffix == '.json' else folder / FILE_NAME
    try:
        results = json.loads(path.read_text('utf-8'))
    except (OSError, json.JSONDecodeError) as error:
        raise ValueError(
            f'no results in {path} ({error}); training.evaluate --out DIR writes DIR/{FILE_NAME}'
        ) from error
    if not isinstance(results, dict) or results.get('format') != FORMAT:
        raise ValueError(
            f'{path} is not a {FILE_NAME} of format {FORMAT}: evaluate again with this version'
        )
    return results


def _curves(counts: SetCounts) -> Document:
    occupied = counts.pixels.occupied()
    points = (
        occupied.operating_points() if counts.exact is None else counts.exact.operating_points()
    )
    curves: Curves = thin_curves(points)
    return {
        name: _rounded(getattr(curves, name))
        for name in (
            'thresholds',
            'fpr',
            'tpr',
            'precision',
            'bin_edges',
            'inlier_counts',
            'outlier_counts',
        )
    } | {'reliability': _reliability(occupied)}


def _reliability(occupied: SparseCounts) -> Document:
    levels = energy_reliability(occupied)
    return {
        'lowest_energy': _rounded(levels.lowest_energy),
        'outlier_share': _rounded(levels.outlier_share),
        'num_pixels': levels.num_pixels.tolist(),
    }


def _rounded(values: Any) -> list[float]:
    """Return numbers of at most 7 digits; infinite ones become the largest of float32."""
    limit = float(np.finfo(np.float32).max)
    return [float(f'{min(max(each, -limit), limit):.7g}') for each in values.tolist()]


def _numbers(values: Mapping[str, float]) -> dict[str, float]:
    """Return the entries that are numbers."""
    return {name: value for name, value in values.items() if not math.isnan(value)}


def _versions() -> dict[str, str]:
    found = {'python': platform.python_version()}
    for name in ('hopfield_pebal_ros', 'numpy', 'opencv-python-headless'):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = 'not installed'
    return found
