"""The command line of an evaluation, and the refusal of flags that do not go together."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from hopfield_pebal_ros.evaluation.compatible_metrics import MODES
from hopfield_pebal_ros.evaluation.shards import parse_shard
from hopfield_pebal_ros.inference.engine import Backend, RunPrecision
from training.data.benchmarks.options import BenchmarkOptions
from training.data.benchmarks.registry import DatasetName

BEST_F1: Final = 'best-f1'
DEPLOYED: Final = 'deployed'


@dataclass(frozen=True, kw_only=True)
class EvaluateArguments:
    """What is evaluated on which set, and how."""

    model: Path | None = None
    """A deployable .onnx file, run by the vehicle's own code, or a checkpoint (.pt)."""
    scores: Path | None = None
    """Instead of a model: folder of stored maps NAME.npy, .png (16 bits) or .hdf5, one an image,
    higher is more anomalous."""
    dataset: DatasetName | None = None
    """Name of the set."""
    root: Path | None = None
    """Its folder."""
    out: Path
    """Folder for results.json and report.html."""
    images_root: Path | None = None
    """Folder of the images where a set ships labels alone: Cityscapes or LostAndFound."""
    split: str | None = None
    """Part of the set: train, val or test, where it has several."""
    held_out: str | None = None
    """Class of CamVid that counts as outlier, such as car."""
    anomaly_ids: tuple[int, ...] | None = None
    """Set 'folder': ids of outliers in label files; by default 1."""
    ignore_ids: tuple[int, ...] | None = None
    """Set 'folder': ids of pixels that do not count; by default 255."""
    mode: Literal['streaming', 'exact'] = 'streaming'
    """exact keeps every energy, up to 50 million pixels."""
    compatible: tuple[str, ...] = ()
    """Also print AP, AUROC and FPR95 as these tools define them: fishyscapes, smiyc, pebal,
    densehybrid, caos."""
    component_threshold: str = BEST_F1
    """Energy from which components are flagged: best-f1 (as SegmentMeIfYouCan; reads the set
    twice), deployed, or a number."""
    shard: str | None = None
    """i/n: count the i-th of n parts of the set, and write counters for --merge."""
    merge: tuple[Path, ...] = ()
    """Counter files of all shards: add them up and write results and report."""
    compare: tuple[Path, ...] = ()
    """Folders of earlier results: put them into one report."""
    backend: Backend = 'openvino'
    """Runtime of an .onnx file."""
    device: str = 'CPU'
    """Device, as the runtime names it."""
    precision: RunPrecision | None = None
    """Of the arithmetic; by default the precision of the file."""
    num_threads: int = 0
    """Threads of the runtime; 0 is every core."""
    window: tuple[int, int] | None = None
    """A checkpoint only: height and width [px] of windows that the network runs over, instead of
    the whole image, to need less memory; they overlap by a quarter and are blended."""
    num_pictures: int = 4
    """Worst and best images shown in the report, this many of each."""

    def benchmark_options(self) -> BenchmarkOptions:
        if self.root is None:
            raise ValueError('--root is needed: the folder of the set')
        return BenchmarkOptions(
            root=self.root,
            images_root=self.images_root,
            split=self.split,
            held_out=self.held_out,
            anomaly_ids=self.anomaly_ids,
            ignore_ids=self.ignore_ids,
        )


def check_arguments(arguments: EvaluateArguments) -> None:
    """Refuse flags that do not go together, before any work.

    Raises:
        ValueError: the message says which and what to do.
    """
    if arguments.compare and arguments.merge:
        raise ValueError('--compare and --merge are two jobs: merge first, then compare')
    if arguments.compare or arguments.merge:
        return
    if (arguments.model is None) == (arguments.scores is None):
        raise ValueError('give either --model FILE or --scores DIR')
    if arguments.dataset is None or arguments.root is None:
        raise ValueError('give --dataset NAME and --root DIR')
    unknown = [each for each in arguments.compatible if each not in MODES]
    if unknown:
        raise ValueError(f'--compatible {unknown[0]}: there is {", ".join(MODES)}')
    if arguments.num_pictures < 0:
        raise ValueError(f'--num-pictures must be 0 or more, got {arguments.num_pictures}')
    if arguments.component_threshold not in (BEST_F1, DEPLOYED):
        component_number(arguments.component_threshold)
    if arguments.shard is not None:
        _check_shard(arguments)
    if arguments.window and (arguments.model is None or arguments.model.suffix != '.pt'):
        raise ValueError('--window is for a checkpoint (.pt); a deployable file has one size')


def component_number(text: str) -> float:
    """Read --component-threshold where it is a number.

    Raises:
        ValueError: it is none.
    """
    try:
        return float(text)
    except ValueError:
        raise ValueError(
            f'--component-threshold must be {BEST_F1}, {DEPLOYED} or a number, got {text!r}'
        ) from None


def _check_shard(arguments: EvaluateArguments) -> None:
    parse_shard(arguments.shard or '')
    if arguments.mode == 'exact' or arguments.compatible:
        raise ValueError(
            'a shard counts in streaming mode and without --compatible, because only counters '
            'add up; leave --mode exact and --compatible out'
        )
    if arguments.component_threshold == BEST_F1:
        raise ValueError(
            f'--component-threshold {BEST_F1} is known only after all shards: give '
            f'--component-threshold {DEPLOYED} or a number, the same for every shard'
        )
