"""A network that takes a set time and no processor, so that a benchmark sees the rest."""

import time

import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.contract.geometry import Geometry
from hopfield_pebal_ros.contract.labels import CITYSCAPES
from hopfield_pebal_ros.contract.metadata import (
    Calibration,
    EnergyDescription,
    Metadata,
    Provenance,
)
from hopfield_pebal_ros.inference.engine import NetworkMaps

NETWORK_HW = (512, 1024)

METADATA = Metadata(
    name='stand-in',
    label_set=CITYSCAPES,
    network_hw=NETWORK_HW,
    output_hw=NETWORK_HW,
    geometry=Geometry(mode='stretch'),
    energy=EnergyDescription(kind='free_energy', unit='nat'),
    calibration=Calibration(threshold=2.6, false_positive_rate=0.01, fitted_on='nothing'),
    provenance=Provenance(
        trained_on=('nothing',),
        licence='Apache-2.0',
        created='2026-01-01T00:00:00Z',
        git_revision='',
        weights_sha256='0' * 64,
    ),
)


def street_like_maps() -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.float32]]:
    """Return labels and energies (512, 1024) with a dozen anomalous regions, 1 % of the pixels."""
    generator = np.random.default_rng(0)
    coarse = generator.standard_normal((16, 32)).astype(np.float32)
    energies = np.kron(coarse, np.ones((32, 32), np.float32))
    labels = (np.kron(generator.integers(0, 19, (8, 16)), np.ones((64, 64)))).astype(np.uint8)
    return labels, energies


class StandInEngine:
    """Always gives the same maps, after `seconds`."""

    backend, device, precision = 'stand-in', 'none', 'fp32'
    num_streams = 1

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._labels, self._energies = street_like_maps()

    def infer(self, images: npt.NDArray[np.uint8]) -> NetworkMaps:
        label_maps = np.repeat(self._labels[None], len(images), 0)
        energy_maps = np.repeat(self._energies[None], len(images), 0)
        time.sleep(self._seconds)
        return NetworkMaps(label_maps, energy_maps)

    def close(self) -> None:
        pass
