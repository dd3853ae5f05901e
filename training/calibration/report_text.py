"""A calibration as text for people: thresholds and what they promise, weights of a fusion."""

from collections.abc import Sequence

from hopfield_pebal_ros.contract.metadata import Calibration
from training.calibration.image_risk import images_needed
from training.models.fusion import Fusion

_PROMISES = {
    'guaranteed': 'guaranteed: at most this share of inlier pixels above is expected in a new '
    'image drawn like these;\n  frames of one drive resemble each other and count for fewer',
    'quantile': "quantile: at most this share of these images' own inlier pixels is above; "
    'too few images to promise more',
}


def threshold_table(found: Calibration, *, unit: str) -> str:
    """Return the lines of a calibration.

    Args:
        found: a calibration.
        unit: of its energy.
    """
    rows = [('inliers above', f'threshold [{unit}]', 'kind', 'images')]
    for rate, threshold in found.thresholds_by_false_positive_rate.items():
        kind = found.threshold_kinds.get(rate, 'unknown')
        share = f'{100 * float(rate):g} %'
        rows.append((share, f'{threshold:.3f}', kind, _images(found, float(rate))))
    detected = found.threshold_at_95_true_positives
    mean, deviation = found.inlier_mean, found.inlier_standard_deviation
    return '\n'.join(
        [
            f'calibrated on {found.fitted_on}',
            f'inlier energy {mean:.3f} +- {deviation:.3f} {unit}',
            *_aligned(rows),
            *(text for kind, text in _PROMISES.items() if kind in found.threshold_kinds.values()),
            *([] if detected is None else [f'95 % of outliers are above {detected:.3f} {unit}']),
        ]
    )


def fusion_table(fusion: Fusion, *, offered: Sequence[str]) -> str:
    """Return the weight and the inlier statistics of each energy that was offered."""
    rows = [('energy', 'weight', 'inlier mean', 'standard deviation')]
    columns = (fusion.components, fusion.weights, fusion.means, fusion.standard_deviations)
    for name, weight, mean, deviation in zip(*columns, strict=True):
        rows.append((name, f'{weight:.2f}', f'{mean:.3f}', f'{deviation:.3f}'))
    rows += [(name, '0', 'adds nothing', '') for name in offered if name not in fusion.components]
    return '\n'.join(_aligned(rows))


def _images(found: Calibration, rate: float) -> str:
    if not found.num_images:
        return 'unknown'
    missing = images_needed(rate) - found.num_images
    return f'{found.num_images}, {missing} missing' if missing > 0 else f'{found.num_images}'


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return lines of equal columns, to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        '  '.join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
