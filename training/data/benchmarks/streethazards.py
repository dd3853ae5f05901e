"""StreetHazards (CAOS): rendered towns; label files hold the class id plus one."""

from typing import Final

from hopfield_pebal_ros.contract.labels import OUTLIER_ID
from training.data.benchmarks.benchmark import Benchmark
from training.data.benchmarks.layouts import find_pairs
from training.data.benchmarks.options import BenchmarkOptions
from training.data.label_sets import STREETHAZARDS
from training.data.labelled_set import IdTable
from training.data.layouts import Layout
from training.data.streethazards import IDS_IN_FILE

_ANOMALY_IN_FILE: Final = 14


def streethazards(options: BenchmarkOptions) -> Benchmark:
    """Find the test towns t5 and t6."""
    options.allow_only('streethazards')
    layout = Layout(
        name='official test part',
        labels='test/annotations/test/*/*.png',
        parts=r'test/annotations/test/(?P<town>[^/]+)/(?P<stem>[^/]+)\.png',
        images=('test/images/test/{town}/{stem}.png',),
        pair_name='{town}/{stem}',
        group='{town}',
        every_image=('test/images/test/*/*.png',),
    )
    _, pairs = find_pairs('streethazards', options.root, [layout])
    return Benchmark(
        name='streethazards',
        variant=f"{layout.name}, the authors' 13 classes",
        root=options.root,
        pairs=pairs,
        ids=IdTable(
            IDS_IN_FILE | {_ANOMALY_IN_FILE: OUTLIER_ID},
            note='files hold 1..13 for the classes and 14 for anomalies; 0 means that they were '
            'shifted by one',
        ),
        track='anomaly',
        label_set=STREETHAZARDS,
    )
