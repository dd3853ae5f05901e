"""StreetHazards (CAOS): rendered towns; label files hold the class id plus one."""

from typing import Final

from hopfield_pebal_ros.contract.labels import OUTLIER_ID, InlierClass, LabelSet
from training.data.benchmarks.benchmark import Benchmark
from training.data.benchmarks.layouts import find_pairs
from training.data.benchmarks.options import BenchmarkOptions
from training.data.labelled_set import IdTable
from training.data.layouts import Layout

CLASSES: Final = LabelSet(
    (
        InlierClass('unlabelled', (0, 0, 0)),
        InlierClass('building', (70, 70, 70)),
        InlierClass('fence', (190, 153, 153)),
        InlierClass('other', (250, 170, 160)),
        InlierClass('person', (220, 20, 60)),
        InlierClass('pole', (153, 153, 153)),
        InlierClass('road line', (157, 234, 50)),
        InlierClass('road', (128, 64, 128)),
        InlierClass('sidewalk', (244, 35, 232)),
        InlierClass('vegetation', (107, 142, 35)),
        InlierClass('car', (0, 0, 142)),
        InlierClass('wall', (102, 102, 156)),
        InlierClass('traffic sign', (220, 220, 0)),
    )
)
"""The 13 classes that the authors train on, 'unlabelled' and 'other' among them."""

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
    ids = {class_id + 1: class_id for class_id in range(len(CLASSES))}
    return Benchmark(
        name='streethazards',
        variant=f"{layout.name}, the authors' 13 classes",
        root=options.root,
        pairs=pairs,
        ids=IdTable(
            ids | {_ANOMALY_IN_FILE: OUTLIER_ID},
            note='files hold 1..13 for the classes and 14 for anomalies; 0 means that they were '
            'shifted by one',
        ),
        track='anomaly',
        label_set=CLASSES,
    )
