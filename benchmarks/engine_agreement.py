"""How far a precision changes the answer: ranks of the energies, labels, average precision."""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.engine_variants import Variant
from hopfield_pebal_ros.contract.deployment import read_metadata
from training.export_check import Agreement, Maps, compared


@dataclass(frozen=True)
class LabelledSet:
    """A set of `training.evaluate`."""

    name: str
    root: Path


def agreements(
    variants: Sequence[Variant], images: Sequence[npt.NDArray[np.uint8]]
) -> list[Agreement]:
    """Compare every variant with the first, on images (H, W, 3) uint8 RGB of network size."""
    deviation = read_metadata(variants[0].model).calibration.inlier_standard_deviation
    expected = _maps(variants[0], images)
    return [compared(_maps(each, images), expected, deviation=deviation) for each in variants]


def average_precision(variant: Variant, labelled: LabelledSet) -> float:
    """Return the AP of a variant on a set, in percent, by `training.evaluate`."""
    with TemporaryDirectory() as folder:
        command = [sys.executable, '-m', 'training.evaluate', '--model', str(variant.model)]
        command += ['--backend', variant.backend, '--precision', variant.precision]
        command += ['--dataset', labelled.name, '--root', str(labelled.root), '--out', folder]
        subprocess.run([*command, '--num-pictures', '0'], check=True, stdout=subprocess.DEVNULL)
        results: dict[str, Any] = json.loads((Path(folder) / 'results.json').read_text())
    return 100 * float(results['figures']['ap'])


def _maps(variant: Variant, images: Sequence[npt.NDArray[np.uint8]]) -> Maps:
    detector = variant.open()
    found = [detector.engine.infer(image[None]) for image in images]
    detector.close()
    return (
        np.concatenate([each.label_maps for each in found]),
        np.concatenate([each.energy_maps for each in found]),
    )
