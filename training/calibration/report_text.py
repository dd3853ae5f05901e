"""A calibration as text for people: one table of thresholds, and what they promise."""

from hopfield_pebal_ros.contract.metadata import Calibration
from training.calibration.image_risk import images_needed

_PROMISES = {
    'guaranteed': 'guaranteed: at most this share of inlier pixels above is expected in a new '
    'image drawn like these;\n  frames of one drive resemble each other and count for fewer',
    'quantile': "quantile: at most this share of these images' own inlier pixels is above; "
    'too few images to promise more',
}


def calibration_text(found: Calibration, *, unit: str) -> str:
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
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    lines = [
        '  '.join(cell.rjust(width) for cell, width in zip(row, widths, strict=True))
        for row in rows
    ]
    kinds = [each for each in _PROMISES if each in found.threshold_kinds.values()]
    return '\n'.join(
        [
            f'calibrated on {found.fitted_on}',
            f'inlier energy {found.inlier_mean:.3f} +- {found.inlier_standard_deviation:.3f} '
            f'{unit}',
            *lines,
            *(_PROMISES[kind] for kind in kinds),
            *_detection(found, unit),
        ]
    )


def _images(found: Calibration, rate: float) -> str:
    if not found.num_images:
        return 'unknown'
    missing = images_needed(rate) - found.num_images
    return f'{found.num_images}, {missing} missing' if missing > 0 else f'{found.num_images}'


def _detection(found: Calibration, unit: str) -> list[str]:
    if found.threshold_at_95_true_positives is None:
        return []
    return [f'95 % of outlier pixels are above {found.threshold_at_95_true_positives:.3f} {unit}']
