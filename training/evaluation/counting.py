"""Count one set: everything that figures are made of, image by image, in bounded memory."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.contract.labels import IGNORE_ID
from hopfield_pebal_ros.evaluation.calibration_error import CalibrationCounter
from hopfield_pebal_ros.evaluation.compatible_metrics import open_compatible_metric
from hopfield_pebal_ros.evaluation.component_metrics import ComponentCounter, SizeFilter
from hopfield_pebal_ros.evaluation.counters_file import Counter
from hopfield_pebal_ros.evaluation.exact_metrics import ExactPixels
from hopfield_pebal_ros.evaluation.ground_truth import outlier_and_valid
from hopfield_pebal_ros.evaluation.image_log import ImageLog
from hopfield_pebal_ros.evaluation.object_sizes import ObjectSizeCounter
from hopfield_pebal_ros.evaluation.pixel_metrics import PixelCounter
from training.data.benchmarks.benchmark import Benchmark
from training.data.labelled_set import LabelMap, Pair
from training.evaluation.class_counts import ClassMapping, count_classes
from training.evaluation.count_log import CountLog
from training.evaluation.scores import Scores, ScoreSource

COUNTERS: Final[dict[str, type[Counter]]] = {
    'pixels': PixelCounter,
    'images': ImageLog,
    'sizes': ObjectSizeCounter,
    'components': CountLog,
    'classes': CountLog,
    'calibration': CountLog,
}
"""What a shard writes, by name."""

COMPONENT_COUNTS: Final = (3, 11)
"""Shape of `ComponentCounter.counts`, which a log keeps flat before the four sums."""


@dataclass(frozen=True, kw_only=True)
class CountingPlan:
    """What is counted, and how."""

    size_filter: SizeFilter
    has_outliers: bool
    mapping: ClassMapping | None = None
    """Network classes to classes of the set; None where they cannot be compared."""
    rejected_from: float | None = None
    """Energy from which a pixel is rejected, for open-mIoU; None counts no rejection."""
    components_from: float | None = None
    """Energy from which a pixel is flagged, for components; None counts none."""
    mode: Literal['streaming', 'exact'] = 'streaming'
    compatible: tuple[str, ...] = ()


class SetCounts:
    """The counters of a set."""

    def __init__(self, plan: CountingPlan) -> None:
        self.plan = plan
        self.pixels = PixelCounter()
        self.images = ImageLog()
        self.sizes = ObjectSizeCounter()
        self.components = CountLog()
        self.classes = CountLog()
        self.calibration = CountLog()
        self.exact = ExactPixels() if plan.mode == 'exact' else None
        self.compatible = {name: open_compatible_metric(name) for name in plan.compatible}

    def add(self, pair: Pair, scores: Scores, truth: LabelMap) -> None:
        """Count one image.

        Args:
            pair: its name and scene.
            scores: of it.
            truth: (H, W) uint8 in our ids.
        """
        if scores.is_seen is not None:
            truth = np.where(scores.is_seen, truth, np.uint8(IGNORE_ID))
        outlier, valid = outlier_and_valid(truth)
        energy = scores.energy_map
        counts = self.images.add(pair.name, energy, outlier, valid, group=pair.group)
        self.pixels.add_sparse(counts)
        if self.plan.has_outliers:
            self.sizes.add(energy, outlier, valid)
        if self.exact is not None:
            self.exact.add(energy, outlier, valid)
        for metric in self.compatible.values():
            metric.add(energy, outlier, valid)
        self._add_labels(pair, scores, truth)
        if self.plan.components_from is not None:
            self.add_components(pair, scores, truth)

    def add_components(self, pair: Pair, scores: Scores, truth: LabelMap) -> None:
        """Count the components of one image with the plan's threshold."""
        outlier, valid = outlier_and_valid(truth)
        if scores.is_seen is not None:
            valid &= scores.is_seen
        counter = ComponentCounter(self.plan.size_filter)
        predicted = scores.energy_map >= _float32(self.plan.components_from)
        counter.add(predicted, outlier, valid)
        counts = np.concatenate([counter.counts.ravel(), counter.sums])
        self.components.add(pair.name, counts, group=pair.group)

    def flag_components_from(self, threshold: float) -> None:
        """Fix the energy from which a pixel is flagged, found out by a first pass."""
        self.plan = replace(self.plan, components_from=threshold)

    def counters(self) -> dict[str, Counter]:
        """Return what shards add up, named as in `COUNTERS`."""
        return {name: getattr(self, name) for name in COUNTERS}

    @classmethod
    def from_counters(cls, plan: CountingPlan, counters: dict[str, Counter]) -> 'SetCounts':
        """Make the counts that `counters` returned."""
        counts = cls(plan)
        for name in COUNTERS:
            setattr(counts, name, counters[name])
        counts.images = counts.images.in_order_of_name()
        return counts

    def _add_labels(self, pair: Pair, scores: Scores, truth: LabelMap) -> None:
        mapping = self.plan.mapping
        if mapping is None or scores.label_map is None:
            return
        rejected = np.zeros(truth.shape, np.bool_)
        if self.plan.rejected_from is not None:
            rejected = scores.energy_map >= _float32(self.plan.rejected_from)
        counts = count_classes(scores.label_map, rejected, truth, mapping)
        self.classes.add(pair.name, counts, group=pair.group)
        if scores.confidence_map is not None:
            calibration = CalibrationCounter()
            predicted = mapping.set_ids(scores.label_map)
            calibration.add(scores.confidence_map, predicted == truth, truth < mapping.num_classes)
            self.calibration.add(pair.name, calibration.counts, group=pair.group)


def count_set(
    benchmark: Benchmark, pairs: Iterable[Pair], source: ScoreSource, counts: SetCounts
) -> None:
    """Read, score and count every pair; one image is in memory at a time.

    Raises:
        ValueError: a pair or its scores cannot be used; the message names it.
    """
    for pair in pairs:
        image_rgb, truth = benchmark.read(pair)
        counts.add(pair, source.score(pair.name, image_rgb), truth)


def count_components(
    benchmark: Benchmark, pairs: Iterable[Pair], source: ScoreSource, counts: SetCounts
) -> None:
    """Read and score every pair again and count its components alone."""
    for pair in pairs:
        image_rgb, truth = benchmark.read(pair)
        counts.add_components(pair, source.score(pair.name, image_rgb), truth)


def first_above(threshold: float) -> float:
    """Return the least float32 energy above a deployed threshold, which itself is no anomaly."""
    return float(np.nextafter(np.float32(threshold), np.float32(np.inf)))


def _float32(value: float | None) -> npt.NDArray[np.float32] | np.float32:
    if value is None:
        raise ValueError('the plan has no threshold to count with')
    return np.float32(value)
