"""python -m training.compare --run RUN/best.pt --dataset NAME --root DIR --out DIR.

Every anomaly score of a network on one pass over a labelled set: AP, FPR95, AUROC and component
F1, milliseconds an image and megabytes of state. Prints the table and writes DIR/results.json,
DIR/report.html with curves and pictures, and DIR/sheet.png. Scores that are fitted are read from
--states, the folder of training.fit_scores. --run also takes a published ESPNetv2 file (.pth).
"""

import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
import tyro
from tqdm import tqdm

from hopfield_pebal_ros.inference.output_folder import prepare_output_folder
from training.command_line import say
from training.data.benchmarks.options import BenchmarkOptions
from training.data.benchmarks.registry import DatasetName, open_benchmark
from training.data.benchmarks.scan import scan
from training.evaluation.counting import CountingPlan
from training.evaluation.evaluate_set import SIZE_FILTERS
from training.evaluation.many_counts import ManyCounts, count_components_of_many, count_many
from training.evaluation.score_comparison import (
    COLUMNS,
    documents_of,
    picture_rows,
    table_rows,
    write_comparison,
)
from training.evaluation.score_maps import ManyScores, ScoredFeatures
from training.evaluation.terminal_table import text_table
from training.models.tapped_network import LOGITS_TAP
from training.precompute_features import expected_of
from training.read_network import ReadNetwork, read_network
from training.scores.fitted_state import load_score, require_same
from training.scores.readings import ScoreError
from training.scores.registry import SCORES, differences, score_kind


@dataclass(frozen=True, kw_only=True)
class CompareArguments:
    """Which scores of which network, on which set."""

    run: Path
    """Checkpoint of a run (.pt), or a published ESPNetv2 file (.pth)."""
    dataset: DatasetName
    """Name of the set."""
    root: Path
    """Its folder."""
    out: Path
    """Folder for results, report and sheet."""
    scores: tuple[str, ...] = ()
    """Names; by default those that need no state and those with a state in --states."""
    states: Path | None = None
    """Folder of training.fit_scores."""
    images_root: Path | None = None
    """Folder of the images where a set ships labels alone."""
    split: str | None = None
    """Part of the set, where it has several."""
    held_out: str | None = None
    """Class of CamVid that counts as outlier."""
    anomaly_ids: tuple[int, ...] | None = None
    """Set 'folder': ids of outliers; by default 1."""
    ignore_ids: tuple[int, ...] | None = None
    """Set 'folder': ids of pixels that do not count; by default 255."""
    num_pictures: int = 4
    """Images on the sheet."""
    num_threads: int = 0
    """0 is every core."""


def open_scores(arguments: CompareArguments, network: ReadNetwork) -> dict[str, ScoredFeatures]:
    """Return the scores by name.

    Raises:
        ScoreError, FileNotFoundError: no state of a score, or one of another network.
    """
    states = arguments.states
    stored = sorted(states.glob('*.safetensors')) if states is not None else []
    names = arguments.scores or (
        *(name for name, kind in SCORES.items() if not kind.is_fitted and _fits(name, network)),
        *(path.stem for path in stored),
    )
    found: dict[str, ScoredFeatures] = {}
    for name in names:
        kind = SCORES.get(name)
        if kind is not None and not kind.is_fitted:
            score = kind.score_class(kind.settings).eval()
            found[name] = ScoredFeatures(score, LOGITS_TAP)
            continue
        if states is None:
            score_kind(name)
            raise ScoreError(
                f'{name} needs fitted state: run python -m training.fit_scores --run '
                f'{arguments.run} --scores {name} --out DIR, then give --states DIR'
            )
        path = states / f'{name}.safetensors'
        _, score, fitted_on = load_score(path)
        require_same(fitted_on, expected_of(network, fitted_on.features), path)
        found[name] = ScoredFeatures(score, fitted_on.features)
    return found


def _fits(name: str, network: ReadNetwork) -> bool:
    has_more = network.closed_set.tap_widths[LOGITS_TAP] > network.closed_set.num_classes
    return name != 'abstention' or has_more


def compare(arguments: CompareArguments) -> list[str]:
    """Measure, write and return lines for the terminal.

    Raises:
        ValueError, OSError, MemoryError: the message says what is wrong.
    """
    if arguments.num_threads:
        torch.set_num_threads(arguments.num_threads)
    network = read_network(arguments.run)
    scores = open_scores(arguments, network)
    benchmark, summary = scan(open_benchmark(arguments.dataset, _options(arguments)))
    if not benchmark.has_outliers:
        raise ValueError(f'{benchmark.name} has no outliers: there is nothing to compare')
    say('\n'.join(summary.lines(benchmark)))
    # maps are kept at camera size until components are counted
    pixels = sum(_area(size) * count for size, count in summary.resolutions.items())
    prepare_output_folder(arguments.out, needed_bytes=50_000_000 + 4 * (len(scores) + 8) * pixels)
    counts = ManyCounts(CountingPlan(size_filter=SIZE_FILTERS[benchmark.track], has_outliers=True))
    with tempfile.TemporaryDirectory(dir=arguments.out, prefix='maps_') as folder:
        maps = Path(folder)
        shown = tqdm(benchmark.pairs, desc='compare', unit='image', disable=None)
        count_many(benchmark, shown, ManyScores(network, scores), counts, maps)
        count_components_of_many(benchmark, benchmark.pairs, counts, maps)
        pictures = picture_rows(benchmark, counts, maps, count=arguments.num_pictures)
    rows = table_rows(counts, {name: each.score for name, each in scores.items()})
    documents = documents_of(benchmark, summary, network, counts)
    write_comparison(arguments.out, rows, documents, pictures, counts)
    table = [*text_table([COLUMNS, *rows]), *_not_default(scores)]
    return [*table, f'wrote {arguments.out / "report.html"}']


def _not_default(scores: Mapping[str, ScoredFeatures]) -> list[str]:
    """Return a line about each score whose state was fitted with other numbers than today's."""
    lines = []
    for name, (score, _) in scores.items():
        found = differences(score.settings, score_kind(name).settings)
        if found:
            lines.append(f'{name} is fitted with {", ".join(found)}')
    return lines


def _options(arguments: CompareArguments) -> BenchmarkOptions:
    return BenchmarkOptions(
        root=arguments.root,
        images_root=arguments.images_root,
        split=arguments.split,
        held_out=arguments.held_out,
        anomaly_ids=arguments.anomaly_ids,
        ignore_ids=arguments.ignore_ids,
    )


def _area(size: str) -> int:
    width, _, height = size.partition('x')
    return int(width) * int(height)


def main(argv: Sequence[str] | None = None) -> None:
    arguments = tyro.cli(CompareArguments, args=argv, prog='training.compare', description=__doc__)
    try:
        lines = compare(arguments)
    except (ValueError, OSError, MemoryError) as error:
        sys.exit(f'error: {error}')
    except KeyboardInterrupt:
        sys.stderr.write('stopped; no results were written\n')
        sys.exit(130)
    say('\n'.join(lines))


if __name__ == '__main__':
    main()
