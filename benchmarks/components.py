"""What each component of a trained model brings and costs: python -m benchmarks.components.

Arguments: CHECKPOINT --sets NAME=DIR ... --out DIR. Exports read-outs of the same weights: the
closed set's energy, each fused component alone, all but one, all, and all at further scales.
Measures each file on the sets by the code of the vehicle, then times all in turn on OpenVINO.
Prints one JSON document, also written to DIR/components.json, and draws DIR/components.png, AP
against milliseconds. Flags: --threads N, --images N (the first of each set), --timing-only (times
the files of an earlier run in --out again and keeps its qualities).
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from functools import partial
from pathlib import Path
from typing import Final, cast, get_args

import numpy as np
from tqdm import tqdm

from benchmarks.component_plot import draw
from benchmarks.component_read_outs import (
    Addition,
    ReadOut,
    additions,
    read_outs_of,
    write_files,
)
from benchmarks.engine_variants import Variant, variants_of
from benchmarks.figures import Figure, to_json
from benchmarks.timing import medians_in_turn
from hopfield_pebal_ros.evaluation.image_log import ImageLog
from hopfield_pebal_ros.evaluation.pixel_intervals import paired_difference
from hopfield_pebal_ros.inference.engine import EngineError, RunPrecision, Tuning
from hopfield_pebal_ros.inference.output_folder import prepare_output_folder
from training.checkpoints import load_checkpoint
from training.data.benchmarks.benchmark import Benchmark
from training.data.benchmarks.options import BenchmarkOptions
from training.data.benchmarks.registry import DatasetName, open_benchmark
from training.data.benchmarks.scan import scan
from training.evaluation.counting import CountingPlan, SetCounts, count_set
from training.evaluation.detector_scores import DetectorScores
from training.evaluation.evaluate_set import SIZE_FILTERS
from training.evaluation.figures import figures_of_set

QUALITIES: Final = ('ap', 'fpr95', 'ap_small')
_NEEDED_BYTES: Final = 300_000_000
_REPEATS: Final = 9


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('checkpoint', type=Path)
    parser.add_argument('--sets', nargs='+', required=True, metavar='NAME=DIR')
    parser.add_argument('--out', type=Path, required=True)
    parser.add_argument('--threads', type=int, default=0, help='of the runtime; 0 is every core')
    parser.add_argument('--images', type=int, help='of each set, the first; default: all')
    parser.add_argument('--timing-only', action='store_true')
    arguments = parser.parse_args(argv)
    try:
        text = run(arguments)
    except (ValueError, OSError, EngineError) as error:
        sys.exit(f'error: {error}')
    sys.stdout.write(f'{text}\n')


def run(arguments: argparse.Namespace) -> str:
    """Measure what was asked for, write the document and the plot, and return the document."""
    checkpoint = load_checkpoint(arguments.checkpoint)
    read_outs = read_outs_of(checkpoint)
    sets = open_sets(arguments.sets, arguments.images)
    document: Path = arguments.out / 'components.json'
    if arguments.timing_only:
        figures = qualities_of_earlier_run(document)
        measured = {each.name for each in figures}
        missing = [name for name in sets if not any(name in each for each in measured)]
        if missing:
            raise ValueError(
                f'{document} has no figures of {missing[0]}; run without --timing-only first'
            )
    else:
        prepare_output_folder(arguments.out, needed_bytes=_NEEDED_BYTES)
        write_files(checkpoint, read_outs, arguments.out)
        figures = []
        for name, benchmark in sets.items():
            figures += quality_figures(
                name, benchmark, read_outs, arguments.out, num_threads=arguments.threads
            )
    figures += time_figures(read_outs, arguments.out, num_threads=arguments.threads)
    document.write_text(to_json(figures), 'utf-8')
    values = {each.name: each.value for each in figures if each.value is not None}
    draw(read_outs, tuple(sets), values, arguments.out / 'components.png')
    return document.read_text('utf-8')


def open_sets(named: Sequence[str], num_images: int | None) -> dict[str, Benchmark]:
    """Open the sets of `--sets NAME=DIR ...`, by name.

    Raises:
        ValueError: no such set, one that is not in its folder, or one without outliers.
    """
    if num_images is not None and num_images < 2:
        raise ValueError(f'--images must be 2 or more, got {num_images}; leave it out for all')
    found: dict[str, Benchmark] = {}
    for each in named:
        name, _, folder = each.partition('=')
        if not folder or name not in get_args(DatasetName):
            raise ValueError(
                f'--sets takes NAME=DIR, got {each!r}; NAME is one of '
                f'{", ".join(get_args(DatasetName))}'
            )
        opened = open_benchmark(cast('DatasetName', name), BenchmarkOptions(root=Path(folder)))
        benchmark, _ = scan(replace(opened, pairs=opened.pairs[:num_images]))
        if not benchmark.has_outliers:
            raise ValueError(f'--sets {each}: {name} has no outliers; name a set that has')
        found[name] = benchmark
    return found


def quality_figures(
    set_name: str,
    benchmark: Benchmark,
    read_outs: Sequence[ReadOut],
    folder: Path,
    *,
    num_threads: int,
) -> list[Figure]:
    """Measure the file of each read-out on one set, as `training.evaluate` does."""
    figures, logs = [], dict[str, ImageLog]()
    for each in read_outs:
        counts = _counted(benchmark, each.path(folder), num_threads)
        found = figures_of_set(counts).figures
        logs[each.name] = counts.images
        figures += [
            Figure(
                f'{set_name}_{each.name}_{quality}',
                found.get(quality),
                'fraction' if quality in found else 'the set has no object of this size',
                'lower' if quality == 'fpr95' else 'higher',
                None,
            )
            for quality in QUALITIES
        ]
    for addition in additions(read_outs):
        figures += _gain(set_name, addition, logs)
    return figures


def _counted(benchmark: Benchmark, path: Path, num_threads: int) -> SetCounts:
    counts = SetCounts(CountingPlan(size_filter=SIZE_FILTERS[benchmark.track], has_outliers=True))
    source = DetectorScores.open(path, backend='openvino', num_threads=num_threads)
    try:
        shown = tqdm(benchmark.pairs, desc=f'{benchmark.name} {path.stem}', disable=None)
        count_set(benchmark, shown, source, counts)
    finally:
        source.close()
    return counts


def _gain(set_name: str, addition: Addition, logs: Mapping[str, ImageLog]) -> list[Figure]:
    """Return the ends of the interval of what a component adds to AP, images resampled."""
    interval = paired_difference(logs[addition.whole], logs[addition.without])['ap']
    name, unit = f'{set_name}_ap_gain_of_{addition.component}', 'fraction, 95 % bootstrap'
    return [
        Figure(f'{name}_low', interval.low, unit, 'higher', None),
        Figure(f'{name}_high', interval.high, unit, 'higher', None),
    ]


def time_figures(read_outs: Sequence[ReadOut], folder: Path, *, num_threads: int) -> list[Figure]:
    """Time the network of every file on one picture, in turn, in each precision that runs here."""
    paths = {each.name: each.path(folder) for each in read_outs}
    figures = []
    for engine in variants_of(paths[read_outs[0].name], None):
        if engine.backend == 'openvino':
            times_ms = _times_ms(paths, engine.precision, num_threads)
            figures += [
                Figure(f'{name}_{engine.name}_ms', each, 'ms', 'lower', None)
                for name, each in times_ms.items()
            ]
    return figures


def _times_ms(
    paths: Mapping[str, Path], precision: RunPrecision, num_threads: int
) -> dict[str, float]:
    tuning = Tuning(num_threads=num_threads)
    detectors = {
        name: Variant('openvino', precision, path).open(tuning) for name, path in paths.items()
    }
    height, width = next(iter(detectors.values())).metadata.network_hw
    image = np.random.default_rng(0).integers(0, 256, (1, height, width, 3), np.uint8)
    runs = {name: partial(each.engine.infer, image) for name, each in detectors.items()}
    times_ms = medians_in_turn(runs, repeats=_REPEATS)
    for each in detectors.values():
        each.close()
    return times_ms


def qualities_of_earlier_run(document: Path) -> list[Figure]:
    """Return all figures of an earlier document but its times.

    Raises:
        FileNotFoundError: there is none.
    """
    if not document.is_file():
        raise FileNotFoundError(
            f'no {document} of an earlier run to take the qualities from; leave --timing-only out'
        )
    names = {each.name for each in fields(Figure)}
    rows = json.loads(document.read_text('utf-8'))['figures']
    return [Figure(**{name: row[name] for name in names}) for row in rows if row['unit'] != 'ms']


if __name__ == '__main__':
    main()
