"""Every set that can be evaluated, by name."""

from collections.abc import Callable, Mapping
from typing import Final, Literal

from training.data.benchmarks.bdd_anomaly import bdd_anomaly
from training.data.benchmarks.benchmark import Benchmark
from training.data.benchmarks.camvid import camvid
from training.data.benchmarks.cityscapes import cityscapes_val
from training.data.benchmarks.coco20 import coco20
from training.data.benchmarks.fishyscapes import fs_lostandfound, fs_static
from training.data.benchmarks.folder import folder
from training.data.benchmarks.lostandfound import lostandfound, lostandfound_known
from training.data.benchmarks.options import BenchmarkOptions
from training.data.benchmarks.road_anomaly import road_anomaly
from training.data.benchmarks.smiyc import smiyc_anomaly, smiyc_obstacle
from training.data.benchmarks.streethazards import streethazards

DatasetName = Literal[
    'fs_static',
    'fs_lostandfound',
    'smiyc_anomaly',
    'smiyc_obstacle',
    'road_anomaly',
    'lostandfound',
    'lostandfound_known',
    'streethazards',
    'bdd_anomaly',
    'camvid',
    'cityscapes_val',
    'coco20',
    'folder',
]

BENCHMARKS: Final[Mapping[DatasetName, Callable[[BenchmarkOptions], Benchmark]]] = {
    'fs_static': fs_static,
    'fs_lostandfound': fs_lostandfound,
    'smiyc_anomaly': smiyc_anomaly,
    'smiyc_obstacle': smiyc_obstacle,
    'road_anomaly': road_anomaly,
    'lostandfound': lostandfound,
    'lostandfound_known': lostandfound_known,
    'streethazards': streethazards,
    'bdd_anomaly': bdd_anomaly,
    'camvid': camvid,
    'cityscapes_val': cityscapes_val,
    'coco20': coco20,
    'folder': folder,
}


def open_benchmark(name: DatasetName, options: BenchmarkOptions) -> Benchmark:
    """Find a set on disk.

    Raises:
        DatasetError: it is not there, not whole, or an option does not fit.
    """
    return BENCHMARKS[name](options)
