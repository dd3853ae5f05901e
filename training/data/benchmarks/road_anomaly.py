"""Road Anomaly (EPFL): animals, rocks and odd vehicles on the road; 2 or 1 is an anomaly."""

from typing import Final

from hopfield_pebal_ros.contract.labels import OUTLIER_ID
from training.data.benchmarks.benchmark import INLIER_ID, Benchmark
from training.data.benchmarks.layouts import REPACKED, find_pairs
from training.data.benchmarks.options import BenchmarkOptions
from training.data.labelled_set import IdTable
from training.data.layouts import Layout, with_suffixes

_LAYOUTS: Final = (
    Layout(
        name='official',
        labels='**/*.labels/labels_semantic.png',
        parts=r'(?P<folder>(?:.*/)?)(?P<stem>[^/]+)\.labels/labels_semantic\.png',
        images=with_suffixes('{folder}{stem}'),
        pair_name='{stem}',
        every_image=with_suffixes('frames/*'),
    ),
    *REPACKED,
)


def road_anomaly(options: BenchmarkOptions) -> Benchmark:
    """Find Road Anomaly: 0 and 2 as published, 0 and 1 in the re-packed form, never 1 and 2."""
    options.allow_only('road_anomaly')
    layout, pairs = find_pairs('road_anomaly', options.root, _LAYOUTS)
    return Benchmark(
        name='road_anomaly',
        variant=layout.name,
        root=options.root,
        pairs=pairs,
        ids=IdTable({0: INLIER_ID, 1: OUTLIER_ID, 2: OUTLIER_ID}),
        track='anomaly',
        never_together=(1, 2),
    )
