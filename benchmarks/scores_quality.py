"""What fusion is worth: the fused energy against its best component, on private sets."""

import tempfile
from pathlib import Path
from typing import Final

from benchmarks.figures import Figure
from hopfield_pebal_ros.evaluation.pixel_intervals import paired_difference
from training.data.benchmarks.options import BenchmarkOptions
from training.data.benchmarks.registry import DatasetName, open_benchmark
from training.data.benchmarks.scan import scan
from training.evaluation.counting import CountingPlan
from training.evaluation.evaluate_set import SIZE_FILTERS
from training.evaluation.figures import figures_of_set
from training.evaluation.many_counts import ManyCounts
from training.evaluation.score_maps import ManyScores, ScoredFeatures
from training.fit_data import FitData
from training.precompute_features import expected_of, precompute
from training.read_network import ReadNetwork, read_network
from training.scores.fitted_state import load_score, require_same
from training.scores.fused import FusedEnergy, FusedSettings
from training.scores.readings import ScoreError
from training.scores.registry import with_everywhere

FEATURES: Final = 'd3,d2,l3'
SETS: Final[tuple[DatasetName, ...]] = ('road_anomaly', 'fs_static')
WEIGHTS: Final = 'weights/espnetv2_s_2.0_city_1024x512.pth'


def quality_figures(data: Path, state: Path | None = None) -> list[Figure]:
    """Fit the fused energy on training composites alone, and measure it on both sets.

    Args:
        data: folder with weights/, train/ and val/.
        state: fused.safetensors of training.fit_scores on the same network, or None to fit.

    Raises:
        ScoreError: the state is of another network, or of another score.
    """
    network = read_network(data / WEIGHTS)
    fused, features = _fitted(network, data) if state is None else _loaded(state, network)
    scores = (*fused.parts.scores, fused)
    named = {each.name: ScoredFeatures(each.eval(), features) for each in scores}
    weights = ', '.join(
        f'{100 * weight:.0f} % {name}'
        for name, weight in zip(named, fused.weights.tolist(), strict=False)
    )
    figures = []
    for name in SETS:
        counts = _counted(network, named, name, data / 'val' / name)
        figures += _difference(name, counts, weights)
    return figures


def _fitted(network: ReadNetwork, data: Path) -> tuple[FusedEnergy, str]:
    fit_data = FitData(
        camvid=data / 'train/camvid', cityscapes=data / 'train/cityscapes8', num_composites=60
    )
    with tempfile.TemporaryDirectory() as folder:
        stream = precompute(network, FEATURES, fit_data, Path(folder))
        settings = with_everywhere(FusedSettings(), leaves_out_empty_classes=True)
        return FusedEnergy.fit(stream, settings), FEATURES


def _loaded(path: Path, network: ReadNetwork) -> tuple[FusedEnergy, str]:
    _, score, fitted_on = load_score(path)
    if not isinstance(score, FusedEnergy):
        raise ScoreError(f'{path} is {score.name}, not the fused energy: give fused.safetensors')
    require_same(fitted_on, expected_of(network, fitted_on.features), path)
    return score, fitted_on.features


def _counted(
    network: ReadNetwork, scores: dict[str, ScoredFeatures], name: DatasetName, root: Path
) -> ManyCounts:
    benchmark, _ = scan(open_benchmark(name, BenchmarkOptions(root=root)))
    plan = CountingPlan(size_filter=SIZE_FILTERS[benchmark.track], has_outliers=True)
    counts, many = ManyCounts(plan), ManyScores(network, scores)
    for pair in benchmark.pairs:
        image_rgb, truth = benchmark.read(pair)
        counts.add(pair, many.score(pair.name, image_rgb), truth)
    return counts


def _difference(set_name: str, counts: ManyCounts, weights: str) -> list[Figure]:
    """Return AP of each score, and fused less its best component with the interval's ends."""
    figures = {name: figures_of_set(each).figures['ap'] for name, each in counts.counts.items()}
    best = max((name for name in figures if name != FusedEnergy.name), key=figures.__getitem__)
    logs = counts.counts
    interval = paired_difference(logs[FusedEnergy.name].images, logs[best].images)['ap']
    found = [
        Figure(f'{set_name}_ap_{name}', value, 'fraction', 'higher', None)
        for name, value in figures.items()
    ]
    named = f'{set_name}_ap_fused_less_{best}'
    return [
        *found,
        Figure(named, figures['fused'] - figures[best], f'fraction; {weights}', 'higher', None),
        Figure(f'{named}_low', interval.low, 'fraction, 95 % bootstrap', 'higher', 0.0),
        Figure(f'{named}_high', interval.high, 'fraction, 95 % bootstrap', 'higher', None),
    ]
