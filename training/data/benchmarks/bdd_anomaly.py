"""BDD-Anomaly (CAOS): BDD100K images with a train, motorcycle or bicycle, which are outliers."""

from typing import Final

from hopfield_pebal_ros.contract.labels import CITYSCAPES, IGNORE_ID, OUTLIER_ID, LabelSet
from training.data.benchmarks.benchmark import Benchmark
from training.data.benchmarks.layouts import find_pairs
from training.data.benchmarks.options import BenchmarkOptions
from training.data.labelled_set import IdTable
from training.data.layouts import Layout, with_suffixes

OUTLIER_CLASSES: Final = ('train', 'motorcycle', 'bicycle')
"""The last three train ids, so that the inlier ids stay as they are."""

INLIER_CLASSES: Final = LabelSet(CITYSCAPES.classes[: -len(OUTLIER_CLASSES)])

_LAYOUTS: Final = (
    Layout(
        name='BDD100K: images/ and labels/, *_train_id.png',
        labels='**/labels/**/*_train_id.png',
        parts=r'(?P<start>(?:.*/)?)labels/(?P<folder>(?:.*/)?)(?P<id>[^/]+)_train_id\.png',
        images=with_suffixes('{start}images/{folder}{id}'),
        pair_name='{id}',
    ),
)


def bdd_anomaly(options: BenchmarkOptions) -> Benchmark:
    """Find the images that hold an outlier class, in whichever part of BDD100K they lie."""
    options.allow_only('bdd_anomaly')
    layout, pairs = find_pairs('bdd_anomaly', options.root, _LAYOUTS)
    ids = {class_id: class_id for class_id in range(len(INLIER_CLASSES))}
    outliers = {CITYSCAPES.id_of(name): OUTLIER_ID for name in OUTLIER_CLASSES}
    return Benchmark(
        name='bdd_anomaly',
        variant=f'{layout.name}; outliers: {", ".join(OUTLIER_CLASSES)}',
        root=options.root,
        pairs=pairs,
        ids=IdTable(
            ids | outliers | {IGNORE_ID: IGNORE_ID},
            note='train ids are 0..18 and 255; ids 19 or 20 mean that the files were shifted by '
            'one or two, as the labels that came with the authors code are',
        ),
        track='anomaly',
        label_set=INLIER_CLASSES,
        keeps='with outliers',
    )
