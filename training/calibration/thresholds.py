"""Statistics and thresholds of an energy, from what was counted on calibration images."""

from typing import Final

from hopfield_pebal_ros.contract.metadata import Calibration, ThresholdKind
from training.calibration.energy_counts import EnergyCounts
from training.calibration.energy_tail import tail_of

FALSE_POSITIVE_RATES: Final = (0.05, 0.01, 0.001)
DEFAULT_FALSE_POSITIVE_RATE: Final = 0.01
_DETECTED_SHARE: Final = 0.95


def calibration_of(
    counts: EnergyCounts, *, fitted_on: str, rate: float = DEFAULT_FALSE_POSITIVE_RATE
) -> Calibration:
    """Return statistics and thresholds.

    Args:
        counts: of calibration images.
        fitted_on: what they are, for people.
        rate: false-positive rate of the default threshold, one of `FALSE_POSITIVE_RATES`.

    Raises:
        ValueError: no inlier pixel, or all of them have one energy.
    """
    if counts.risk.num_images == 0:
        raise ValueError(
            'calibration needs inlier pixels and the images have none; are their labels of the '
            'right kind, or all ignored?'
        )
    (deviation,) = counts.inlier_moments.standard_deviation()
    if not deviation > 0:
        raise ValueError(
            f'all inlier pixels have the energy {counts.inlier_moments.mean[0]:g}: no threshold '
            'divides them; has the network been trained?'
        )
    found = {f'{each:g}': _threshold(counts, each) for each in FALSE_POSITIVE_RATES}
    return Calibration(
        threshold=found[f'{rate:g}'][0],
        false_positive_rate=rate,
        thresholds_by_false_positive_rate={name: value for name, (value, _) in found.items()},
        threshold_kinds={name: kind for name, (_, kind) in found.items()},
        num_images=counts.risk.num_images,
        threshold_at_95_true_positives=_detecting_threshold(counts),
        inlier_mean=float(counts.inlier_moments.mean[0]),
        inlier_standard_deviation=float(deviation),
        fitted_on=fitted_on,
    )


def _threshold(counts: EnergyCounts, rate: float) -> tuple[float, ThresholdKind]:
    guaranteed = counts.risk.threshold(rate)
    if guaranteed is not None:
        return guaranteed, 'guaranteed'
    tail = tail_of(counts.pooled.counts[0])
    return tail.lowest_threshold(most_above=rate * tail.total), 'quantile'


def _detecting_threshold(counts: EnergyCounts) -> float | None:
    """Return the highest threshold with at least 95 % of the outlier pixels above it, if any."""
    outlier = counts.pooled.counts[1]
    if not outlier.any():
        return None
    tail = tail_of(outlier)
    return tail.highest_threshold(least_above=_DETECTED_SHARE * tail.total)
