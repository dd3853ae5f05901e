"""Cityscapes validation part: a closed set, for segmentation figures; labelIds or train ids."""

from hopfield_pebal_ros.contract.labels import CITYSCAPES
from training.data.benchmarks.benchmark import Benchmark
from training.data.benchmarks.layouts import find_pairs
from training.data.benchmarks.options import BenchmarkOptions
from training.data.cityscapes import detected_ids, layouts


def cityscapes_val(options: BenchmarkOptions) -> Benchmark:
    """Find the validation part; which ids the files hold is read off them and said."""
    options.allow_only('cityscapes_val', 'images_root')
    layout, pairs = find_pairs(
        'cityscapes_val', options.root, layouts(('val',)), images_root=options.images_root
    )
    kind, ids = detected_ids(pairs)
    return Benchmark(
        name='cityscapes_val',
        variant=f'{layout.name}; {kind}',
        root=options.root,
        pairs=pairs,
        ids=ids,
        track='none',
        label_set=CITYSCAPES,
        has_outliers=False,
    )
