"""What a precision costs on a labelled set: AP and FPR95 of a file before and after."""

from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from hopfield_pebal_ros.contract.deployment import read_metadata
from hopfield_pebal_ros.evaluation.ground_truth import outlier_and_valid
from hopfield_pebal_ros.evaluation.pixel_metrics import PixelCounter, PixelFigures
from hopfield_pebal_ros.inference.engine import RunPrecision
from training.data.benchmarks.benchmark import Benchmark
from training.evaluation.detector_scores import DetectorScores
from training.export_check import TOLERANCES, precision_on_cpu


@dataclass(frozen=True)
class Effect:
    """Anomaly figures of the fp32 file and of the exported one on one set, as fractions."""

    set_name: str
    before: PixelFigures
    after: PixelFigures

    def __str__(self) -> str:
        return (
            f'{self.set_name}: AP {100 * self.before.ap:.2f} -> {100 * self.after.ap:.2f} %, '
            f'FPR95 {100 * self.before.fpr95:.2f} -> {100 * self.after.fpr95:.2f} %'
        )

    def excess(self, precision: RunPrecision) -> list[str]:
        """Return what lies outside the tolerance of a precision, as text; empty is good."""
        loss, allowed = self.before.ap - self.after.ap, TOLERANCES[precision].largest_ap_loss
        return [] if loss <= allowed else [f'AP loss {loss:.4f} > {allowed:g} on {self.set_name}']


def effect_on(benchmark: Benchmark, *, before: Path, after: Path) -> Effect:
    """Measure two deployable files on a set, by the code that the vehicle runs.

    Raises:
        ValueError: a pair cannot be used, or the set has no outlier or no inlier pixel.
    """
    return Effect(benchmark.name, _figures(benchmark, before), _figures(benchmark, after))


def _figures(benchmark: Benchmark, path: Path) -> PixelFigures:
    metadata, counter = read_metadata(path), PixelCounter()
    source = DetectorScores.open(path, backend='onnxruntime', precision=precision_on_cpu(metadata))
    try:
        for pair in tqdm(benchmark.pairs, desc=metadata.precision, unit='image', disable=None):
            image_rgb, truth = benchmark.read(pair)
            scores = source.score(pair.name, image_rgb)
            outlier, valid = outlier_and_valid(truth)
            if scores.is_seen is not None:
                valid &= scores.is_seen
            counter.add(scores.energy_map, outlier & valid, valid)
    finally:
        source.close()
    return counter.figures()
