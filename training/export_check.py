"""The parity check: an exported file must compute what torch computes."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import onnxruntime
import torch

from hopfield_pebal_ros.contract.deployment import ENERGY_OUTPUT, IMAGE_INPUT, LABEL_OUTPUT
from hopfield_pebal_ros.scenes.drive import Drive
from training.models.deployed import DeployedModel
from training.run_data import FIRST_CALIBRATION_SEED

LARGEST_ENERGY_DIFFERENCE: Final = 1e-3
"""[nat]"""
SMALLEST_LABEL_AGREEMENT: Final = 0.999
"""Share of pixels."""


class VerificationError(ValueError):
    """The exported file disagrees with torch."""


@dataclass(frozen=True)
class Agreement:
    """The worst over all images that were compared."""

    energy_difference: float
    """[nat]"""
    label_agreement: float
    """Share of pixels."""

    def __str__(self) -> str:
        return (
            f'energy within {self.energy_difference:.1e} of torch, labels agree on '
            f'{100 * self.label_agreement:.3f} % of pixels'
        )


def verify_against_torch(
    model: DeployedModel, path: Path, network_hw: tuple[int, int]
) -> Agreement:
    """Compare ONNX Runtime in fp32 with torch on random and on rendered images, N = 1 and N = 2.

    Raises:
        VerificationError: energies or labels differ by more than the limits of this file.
    """
    session = onnxruntime.InferenceSession(str(path), providers=['CPUExecutionProvider'])
    worst = Agreement(0.0, 1.0)
    for images in _test_images(network_hw):
        labels, energy = session.run([LABEL_OUTPUT, ENERGY_OUTPUT], {IMAGE_INPUT: images})
        with torch.inference_mode():
            expected_labels, expected_energy = model(torch.from_numpy(images))
        worst = Agreement(
            max(worst.energy_difference, float(np.abs(energy - expected_energy.numpy()).max())),
            min(worst.label_agreement, float((labels == expected_labels.numpy()).mean())),
        )
    if not (
        worst.energy_difference <= LARGEST_ENERGY_DIFFERENCE
        and worst.label_agreement >= SMALLEST_LABEL_AGREEMENT
    ):
        raise VerificationError(
            f'the exported file disagrees with torch: {worst}; allowed are '
            f'{LARGEST_ENERGY_DIFFERENCE:g} nat and {100 * SMALLEST_LABEL_AGREEMENT:g} %; '
            'the file was removed, try other versions of torch and onnx'
        )
    return worst


def _test_images(network_hw: tuple[int, int]) -> Iterator[npt.NDArray[np.uint8]]:
    """Yield batches (N, H, W, 3) uint8 RGB."""
    rng = np.random.default_rng(0)
    yield rng.integers(0, 256, (1, *network_hw, 3), dtype=np.uint8)
    drive = Drive(FIRST_CALIBRATION_SEED, image_hw=network_hw)
    frames = np.stack([drive.frame(index, rate_hz=0.2).image_rgb for index in range(2)])
    yield frames[:1]
    yield frames
