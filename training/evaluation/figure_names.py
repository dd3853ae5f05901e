"""How figures are called in front of people, in the order in which they are shown."""

from collections.abc import Mapping
from typing import Any, Final

HEADLINES: Final[Mapping[str, tuple[str, str]]] = {
    'ap': ('AP', 'average precision of outlier pixels'),
    'fpr95': ('FPR95', 'inlier pixels flagged when 95 % of the outliers are found'),
    'auroc': ('AUROC', 'outlier above inlier energy'),
    'best_f1': ('best F1', 'of flagged pixels, over all thresholds'),
    'component_f1': ('component F1', 'objects, mean over overlaps'),
    'miou': ('mIoU', 'mean over the classes that occur'),
    'open_miou': ('open-mIoU', 'with rejection at the deployed threshold'),
}
"""Figure -> name and what it is; the tiles of a report."""

NAMES: Final[Mapping[str, str]] = {
    'ap': 'AP',
    'fpr95': 'FPR95',
    'auroc': 'AUROC',
    'best_f1': 'best pixel F1',
    'siou': 'component sIoU',
    'ppv': 'component PPV',
    'component_f1': 'component F1',
    'ap_small': 'AP, small objects',
    'ap_medium': 'AP, medium objects',
    'ap_large': 'AP, large objects',
    'mean_image_ap': 'AP, mean of images',
    'mean_image_auroc': 'AUROC, mean of images',
    'mean_image_fpr95': 'FPR95, mean of images',
    'miou': 'mIoU',
    'open_miou': 'open-mIoU',
    'miou_of_accepted': 'mIoU of accepted pixels',
    'rejected_inlier_share': 'inliers rejected',
    'ece': 'expected calibration error',
}

THRESHOLDS: Final[Mapping[str, str]] = {
    'deployed': 'deployed',
    'best_f1': 'best F1',
    'tpr95': '95 % found',
}
"""Thresholds that a histogram shows."""

LOWER_IS_BETTER: Final = frozenset({'fpr95', 'mean_image_fpr95', 'ece', 'rejected_inlier_share'})


def percent(fraction: float) -> str:
    return f'{100 * fraction:.2f}'


def interval_text(interval: Mapping[str, Any] | None) -> str:
    """Return 'low to high' in percent, or nothing."""
    if interval is None:
        return ''
    return f'{100 * interval["low"]:.1f} to {100 * interval["high"]:.1f}'


def known_figures(figures: Mapping[str, float]) -> list[str]:
    """Return the figures that are there, in the order in which they are shown."""
    return [name for name in NAMES if name in figures]
