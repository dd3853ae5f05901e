"""python -m training.calibrate RUN/best.pt: fit statistics and thresholds of the energy.

Runs the network over frames that it was not trained on (procedural drives held back and, where the
run had it, CamVid validation), in fp32 at output size, and stores in the checkpoint the mean and
standard deviation of inlier energies [nat], the thresholds that 5, 1 and 0.1 % of inlier pixels
exceed, and the threshold that 95 % of outlier pixels exceed.
"""

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Final

import numpy as np
import numpy.typing as npt
import torch
import tyro

from hopfield_pebal_ros.contract.labels import IGNORE_ID, OUTLIER_ID
from hopfield_pebal_ros.contract.metadata import Calibration
from training.checkpoints import Checkpoint, load_checkpoint, save_checkpoint
from training.run_data import calibration_drives, frame_cache, rendered, validation_camvid
from training.trained_model import deployed_model
from training.validation import OUTPUT_STRIDE, Prediction, predictions

FALSE_POSITIVE_RATES: Final = (0.05, 0.01, 0.001)
DEFAULT_FALSE_POSITIVE_RATE: Final = 0.01


@dataclass(frozen=True)
class Energies:
    """Energies of labelled pixels [nat], (P,) float32 each."""

    inlier: npt.NDArray[np.float32]
    outlier: npt.NDArray[np.float32]


def energies_of(found: Iterable[Prediction]) -> Energies:
    """Collect the energies of inlier and of outlier pixels; ignored ones are left out."""
    inlier, outlier = [np.empty(0, np.float32)], [np.empty(0, np.float32)]
    for each in found:
        truth = each.truth()
        inlier.append(each.energy_map[(truth != OUTLIER_ID) & (truth != IGNORE_ID)])
        outlier.append(each.energy_map[truth == OUTLIER_ID])
    return Energies(np.concatenate(inlier), np.concatenate(outlier))


def calibration_of(
    energies: Energies, *, fitted_on: str, rate: float = DEFAULT_FALSE_POSITIVE_RATE
) -> Calibration:
    """Return statistics and thresholds.

    A threshold t for the rate r is an inlier energy that at most a share r of the inlier pixels
    exceeds, the smallest such energy.

    Args:
        energies: of calibration pixels.
        fitted_on: what they come from, for people.
        rate: false-positive rate of the default threshold, one of `FALSE_POSITIVE_RATES`.

    Raises:
        ValueError: no inlier pixel.
    """
    if energies.inlier.size == 0:
        raise ValueError('calibration needs inlier pixels, the frames have none')
    thresholds = {
        f'{each:g}': float(np.quantile(energies.inlier, 1 - each, method='inverted_cdf'))
        for each in FALSE_POSITIVE_RATES
    }
    detected = None
    if energies.outlier.size:
        detected = float(np.quantile(energies.outlier, 0.05, method='inverted_cdf'))
    return Calibration(
        threshold=thresholds[f'{rate:g}'],
        false_positive_rate=rate,
        thresholds_by_false_positive_rate=thresholds,
        threshold_at_95_true_positives=detected,
        inlier_mean=float(energies.inlier.mean(dtype=np.float64)),
        inlier_standard_deviation=float(energies.inlier.std(dtype=np.float64)),
        fitted_on=fitted_on,
    )


def calibrated(checkpoint: Checkpoint, run: Path) -> Checkpoint:
    """Return the checkpoint with thresholds fitted on its run's calibration frames."""
    settings = checkpoint.settings
    height, width = settings.network_hw
    model = deployed_model(checkpoint, (height // OUTPUT_STRIDE, width // OUTPUT_STRIDE))
    drives = calibration_drives(settings)
    sources = [rendered(drives, frame_cache(settings, run), settings)]
    names = [f'{len(drives)} frames of procedural drives {drives.first_seed} and following']
    camvid = validation_camvid(settings)
    found = [
        *predictions(model, sources[0], network_hw=settings.network_hw),
        *([] if camvid is None else predictions(model, camvid, network_hw=settings.network_hw)),
    ]
    if camvid is not None:
        names.append(f'{len(camvid)} frames of CamVid validation')
    calibration = calibration_of(energies_of(found), fitted_on=', '.join(names))
    return replace(checkpoint, calibration=calibration)


def main(argv: Sequence[str] | None = None) -> None:
    arguments = tyro.cli(_Arguments, args=argv, description=__doc__)
    try:
        checkpoint = load_checkpoint(arguments.checkpoint)
        torch.set_num_threads(checkpoint.settings.num_threads)
        checkpoint = calibrated(checkpoint, arguments.checkpoint.parent)
        save_checkpoint(checkpoint, arguments.checkpoint)
    except (OSError, ValueError) as error:
        sys.exit(f'error: {error}')
    sys.stdout.write(calibration_text(checkpoint) + '\n')


def calibration_text(checkpoint: Checkpoint) -> str:
    """Return what was fitted, for people."""
    found = checkpoint.calibration
    if found is None:
        return 'not calibrated'
    return '\n'.join(
        [
            f'calibrated on {found.fitted_on}',
            f'inlier energy {found.inlier_mean:.3f} +- {found.inlier_standard_deviation:.3f} nat',
            *(
                f'threshold {threshold:.3f} nat: {100 * float(rate):g} % of inlier pixels above'
                for rate, threshold in found.thresholds_by_false_positive_rate.items()
            ),
        ]
    )


@dataclass(frozen=True)
class _Arguments:
    checkpoint: Annotated[Path, tyro.conf.Positional]
    """Checkpoint of training.train; it is rewritten with the calibration inside."""


if __name__ == '__main__':
    main()
