"""Count a set for many scores in one pass of the network."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from training.data.benchmarks.benchmark import Benchmark
from training.data.labelled_set import LabelMap, Pair
from training.evaluation.counting import CountingPlan, SetCounts
from training.evaluation.figures import best_f1_threshold
from training.evaluation.score_maps import ImageScores, ManyScores
from training.evaluation.scores import Scores


@dataclass
class ManyCounts:
    """The counters of each score, and what each of them costs."""

    plan: CountingPlan
    counts: dict[str, SetCounts] = field(default_factory=dict)
    milliseconds: dict[str, list[float]] = field(default_factory=dict)
    network_milliseconds: list[float] = field(default_factory=list)

    def add(self, pair: Pair, found: ImageScores, truth: LabelMap) -> None:
        """Count one image for every score."""
        for name, scores in found.scores.items():
            counts = self.counts.setdefault(name, SetCounts(replace(self.plan)))
            counts.add(pair, replace(scores, label_map=None), truth)
            self.milliseconds.setdefault(name, []).append(found.milliseconds[name])
        self.network_milliseconds.append(found.network_milliseconds)


def count_many(
    benchmark: Benchmark, pairs: Iterable[Pair], scores: ManyScores, counts: ManyCounts, maps: Path
) -> None:
    """Read and score every pair once, and keep its maps for the count of components.

    Args:
        benchmark: the set.
        pairs: of it.
        scores: of the network.
        counts: grows.
        maps: folder for the maps, NAME of the pair by its place; as much as the images in float32
            for each score.
    """
    for index, pair in enumerate(pairs):
        image_rgb, truth = benchmark.read(pair)
        found = scores.score(pair.name, image_rgb)
        counts.add(pair, found, truth)
        stacked = np.stack([each.energy_map for each in found.scores.values()])
        np.save(_map_path(maps, index), stacked)


def count_components_of_many(
    benchmark: Benchmark, pairs: Iterable[Pair], counts: ManyCounts, maps: Path
) -> None:
    """Flag each score from its best F1 on, and count components of the kept maps."""
    for each in counts.counts.values():
        each.flag_components_from(best_f1_threshold(each))
    for index, pair in enumerate(pairs):
        truth = benchmark.read_labels(pair)
        for scores, each in zip(stored_maps(maps, index), counts.counts.values(), strict=True):
            each.add_components(pair, scores, truth)


def stored_maps(maps: Path, index: int) -> list[Scores]:
    """Return the scores of the pair at a place, in the order of the counters."""
    energies = np.load(_map_path(maps, index), mmap_mode='r')
    is_seen = ~np.isnan(energies[0])
    seen = None if is_seen.all() else is_seen
    return [Scores(energy_map=np.asarray(each), is_seen=seen) for each in energies]


def _map_path(maps: Path, index: int) -> Path:
    return maps / f'{index:06d}.npy'
