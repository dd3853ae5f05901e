"""COCO with 60 of its 80 objects unknown: those are the outliers, stuff does not count."""

from hopfield_pebal_ros.contract.labels import OUTLIER_ID
from training.data.benchmarks.benchmark import Benchmark
from training.data.benchmarks.options import BenchmarkOptions
from training.data.coco20 import find_coco, ids_in_file
from training.data.label_sets import COCO20


def coco20(options: BenchmarkOptions) -> Benchmark:
    """Find the validation part of 2017.

    Raises:
        DatasetError: it is not there.
    """
    options.allow_only('coco20')
    found = find_coco(options.root, 'val2017')
    return Benchmark(
        name='coco20',
        variant=f'{found.layout.name}; 20 classes known, 60 unknown',
        root=options.root,
        pairs=found.pairs,
        ids=ids_in_file(unknown=OUTLIER_ID),
        track='anomaly',
        label_set=COCO20,
        keeps='labelled',
    )
