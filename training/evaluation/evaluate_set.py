"""Evaluate one set: count it, whole or a shard, and write what was found."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tqdm import tqdm

from hopfield_pebal_ros.evaluation.component_metrics import (
    ANOMALY_TRACK,
    NO_FILTER,
    OBSTACLE_TRACK,
    SizeFilter,
)
from hopfield_pebal_ros.evaluation.counters_file import (
    ShardCounters,
    load_counters,
    merge_shards,
    save_counters,
)
from hopfield_pebal_ros.evaluation.shards import parse_shard
from hopfield_pebal_ros.report.page import Section, render_page
from training.data.benchmarks.benchmark import Benchmark, Track
from training.data.benchmarks.registry import open_benchmark
from training.data.benchmarks.scan import scan
from training.data.labelled_set import Pair
from training.evaluation.arguments import BEST_F1, DEPLOYED, EvaluateArguments, component_number
from training.evaluation.class_counts import ClassMapping, map_classes
from training.evaluation.counting import (
    COUNTERS,
    CountingPlan,
    SetCounts,
    count_components,
    count_set,
    first_above,
)
from training.evaluation.figures import best_f1_threshold, figures_of_set
from training.evaluation.picture_sections import picture_sections
from training.evaluation.pictures import Painter, inlier_energy_at, spread_of_inliers
from training.evaluation.report_page import run_page
from training.evaluation.results import Document, document, header, plan_of, write_results
from training.evaluation.score_sources import open_source
from training.evaluation.scores import Scorer, ScoreSource
from training.evaluation.terminal_table import figure_table

SIZE_FILTERS: Final[dict[Track, SizeFilter]] = {
    'anomaly': ANOMALY_TRACK,
    'obstacle': OBSTACLE_TRACK,
    'none': NO_FILTER,
}

_FLAGGED_INLIERS: Final = 0.01  # in pictures, where no threshold is known


def evaluate_set(arguments: EvaluateArguments) -> list[str]:
    """Evaluate a set and write its results, or the counters of a shard.

    Returns:
        Lines for the terminal.

    Raises:
        ValueError, OSError, EngineError, MemoryError: the message says what is wrong.
    """
    if arguments.dataset is None:
        raise ValueError('--dataset is needed')
    benchmark, summary = scan(open_benchmark(arguments.dataset, arguments.benchmark_options()))
    tqdm.write('\n'.join(summary.lines(benchmark)))
    source = open_source(arguments)
    try:
        plan, notices = make_plan(arguments, benchmark, source.scorer)
        head = header(benchmark, summary, source.scorer, plan, arguments.component_threshold)
        head['notices'] += notices
        counts = SetCounts(plan)
        if arguments.shard is not None:
            return _count_shard(arguments, benchmark, source, counts, head)
        count_set(benchmark, _shown(benchmark.pairs, 'evaluate'), source, counts)
        if plan.has_outliers and arguments.component_threshold == BEST_F1:
            counts.flag_components_from(best_f1_threshold(counts))
            count_components(benchmark, _shown(benchmark.pairs, 'components'), source, counts)
        results = document(head, counts, figures_of_set(counts))
        pictures = _pictures(arguments, benchmark, source, counts)
    finally:
        source.close()
    return write_run(arguments.out, results, pictures)


def merge_run(arguments: EvaluateArguments) -> list[str]:
    """Add up the shards of a run and write its results; without pictures.

    Raises:
        ValueError: a shard is missing, there twice, or of another run.
    """
    head = json.loads(load_counters(arguments.merge[0], {}).run)
    merged = merge_shards(arguments.merge, COUNTERS)
    counts = SetCounts.from_counters(plan_of(head), dict(merged.counters))
    return write_run(arguments.out, document(head, counts, figures_of_set(counts)), [])


def write_run(out: Path, results: Document, pictures: Sequence[Section]) -> list[str]:
    """Write results.json and report.html, and return the table for the terminal."""
    path = write_results(out, results)
    report = out / 'report.html'
    report.write_text(render_page(run_page(results, pictures)), 'utf-8')
    notices = [f'note: {each}' for each in results['notices']]
    return [figure_table(results), *notices, f'wrote {path} and {report}']


def make_plan(
    arguments: EvaluateArguments, benchmark: Benchmark, scorer: Scorer
) -> tuple[CountingPlan, list[str]]:
    """Decide what can be counted, and say what cannot.

    Raises:
        ValueError: nothing can, or there is no deployed threshold where one is asked for.
    """
    mapping, notices = _mapping(benchmark, scorer)
    if mapping is None and not benchmark.has_outliers:
        raise ValueError(
            f'{benchmark.name} has no outliers, and {scorer.name} has no labels to compare with '
            f'its classes: nothing can be measured. {" ".join(notices)}'
        )
    deployed = None if scorer.threshold is None else first_above(scorer.threshold)
    components_from = None
    if arguments.component_threshold == DEPLOYED:
        if deployed is None:
            raise ValueError(
                f'{scorer.name} has no deployed threshold: give --component-threshold a number, '
                'or calibrate the checkpoint'
            )
        components_from = deployed
    elif arguments.component_threshold != BEST_F1:
        components_from = component_number(arguments.component_threshold)
    return CountingPlan(
        size_filter=SIZE_FILTERS[benchmark.track],
        has_outliers=benchmark.has_outliers,
        mapping=mapping,
        rejected_from=deployed,
        components_from=components_from if benchmark.has_outliers else None,
        mode=arguments.mode,
        compatible=arguments.compatible,
    ), notices


def _mapping(benchmark: Benchmark, scorer: Scorer) -> tuple[ClassMapping | None, list[str]]:
    if scorer.label_set is None or benchmark.label_set is None:
        return None, []
    try:
        mapping = map_classes(scorer.label_set, benchmark.label_set, benchmark.also_counted_as)
    except ValueError as error:
        return None, [f'No segmentation figures: {error}.']
    if not mapping.without_counterpart:
        return mapping, []
    return mapping, [
        f'The network also predicts {", ".join(mapping.without_counterpart)}, which are not '
        'inlier classes of this set. Such a prediction counts as a mistake; if the network '
        'was taught one of the outlier classes, anomaly figures say little about unknown objects.'
    ]


def _count_shard(
    arguments: EvaluateArguments,
    benchmark: Benchmark,
    source: ScoreSource,
    counts: SetCounts,
    head: Document,
) -> list[str]:
    shard = parse_shard(arguments.shard or '')
    pairs = shard.select(benchmark.pairs)
    count_set(benchmark, _shown(pairs, f'shard {shard.index}/{shard.count}'), source, counts)
    path = arguments.out / f'shard_{shard.index}_of_{shard.count}.npz'
    run = json.dumps(head, sort_keys=True)
    save_counters(path, ShardCounters(shard, run, counts.counters()))
    return [f'wrote {path}: {len(pairs)} of {len(benchmark.pairs)} pairs; --merge adds shards up']


def _pictures(
    arguments: EvaluateArguments, benchmark: Benchmark, source: ScoreSource, counts: SetCounts
) -> list[Section]:
    if arguments.num_pictures == 0:
        return []
    occupied = counts.pixels.occupied()
    flagged_from = counts.plan.rejected_from
    if flagged_from is None:
        flagged_from = counts.plan.components_from
    if flagged_from is None:
        flagged_from = inlier_energy_at(occupied, 1 - _FLAGGED_INLIERS)
    painter = Painter(
        benchmark=benchmark,
        source=source,
        flagged_from=flagged_from,
        energy_scale=source.scorer.inlier_standard_deviation or spread_of_inliers(occupied),
    )
    return picture_sections(painter, list(counts.images), count=arguments.num_pictures)


def _shown(pairs: Sequence[Pair], text: str) -> 'tqdm[Pair]':
    return tqdm(pairs, desc=text, unit='image', disable=None)
