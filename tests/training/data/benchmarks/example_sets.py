"""Tiny sets on disk in the layouts of the official releases."""

from pathlib import Path

import cv2
import numpy as np

from training.data.benchmarks.options import BenchmarkOptions
from training.data.benchmarks.registry import open_benchmark
from training.data.benchmarks.scan import scan

HW = (4, 6)


def write_labels(path: Path, *ids: int, hw: tuple[int, int] = HW) -> np.ndarray:
    """Write a label file whose first pixels are `ids` and whose rest is the first of them."""
    label_map = np.full(hw, ids[0], np.uint8)
    label_map.ravel()[: len(ids)] = ids
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), label_map)
    return label_map


def write_image(path: Path, *, hw: tuple[int, int] = HW, rgb=(10, 20, 30)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), np.full((*hw, 3), rgb[::-1], np.uint8))


def opened(name: str, root: Path, **options):
    return open_benchmark(name, BenchmarkOptions(root=root, **options))


def scanned(name: str, root: Path, **options):
    return scan(opened(name, root, **options))
