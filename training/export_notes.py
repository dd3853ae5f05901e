"""Sentences that an exported file carries in its metadata for whoever uses it."""

from collections.abc import Sequence

from hopfield_pebal_ros.contract.metadata import Metadata
from training.export_check import Exported, compared, of_torch
from training.export_images import Image


def order_note(
    fast: Exported, exact: Exported, images: Sequence[Image], metadata: Metadata
) -> str:
    """Return how labels and energies of the fast order differ from those of the exact one."""
    calibration = metadata.calibration
    of_fast, of_exact = of_torch(fast, images), of_torch(exact, images)
    difference = compared(of_fast, of_exact, deviation=calibration.inlier_standard_deviation)
    above = [float((each[1] > calibration.threshold).mean()) for each in (of_fast, of_exact)]
    return (
        'fast order: labels and energies are taken before they are enlarged. Against the exact '
        f'order, which the thresholds were fitted with, on {len(images)} images: energies differ '
        f'by {difference.error_p50:.2g} (median) and {difference.error_p99:.2g} (99 %) inlier '
        f'standard deviations, rank correlation {difference.rank_correlation:.5f}, labels agree '
        f'on {100 * difference.label_agreement:.2f} % of pixels, {100 * above[0]:.2f} % of pixels '
        f'are above the threshold instead of {100 * above[1]:.2f} %.'
    )


def forced_note(excess: Sequence[str]) -> str:
    """Return what a file that was written with --force says of itself."""
    return f'outside the tolerance of its precision, written with --force: {"; ".join(excess)}.'
