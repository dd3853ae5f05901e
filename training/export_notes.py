"""Sentences that an exported file carries in its metadata for whoever uses it."""

from collections.abc import Sequence
from dataclasses import replace

from hopfield_pebal_ros.contract.metadata import Metadata
from training.export_check import Agreement, Exported, compared, of_torch
from training.export_effect import Effect
from training.export_images import Image
from training.models.deployed import FAST_STRIDE


def order_note(
    fast: Exported, exact: Exported, images: Sequence[Image], metadata: Metadata
) -> str:
    """Return how labels and energies of the fast order differ from those of the exact one."""
    calibration = metadata.calibration
    of_fast, of_exact = of_torch(fast, images), of_torch(exact, images)
    difference = compared(of_fast, of_exact, deviation=calibration.inlier_standard_deviation)
    above = [float((each[1] > calibration.threshold).mean()) for each in (of_fast, of_exact)]
    return (
        'fast order: labels are taken before they are enlarged, energies at stride '
        f'{FAST_STRIDE}. Against the exact order, which the thresholds were fitted with, on '
        f'{len(images)} images: energies differ '
        f'by {difference.error_p50:.2g} (median) and {difference.error_p99:.2g} (99 %) inlier '
        f'standard deviations, rank correlation {difference.rank_correlation:.5f}, labels agree '
        f'on {100 * difference.label_agreement:.2f} % of pixels, {100 * above[0]:.2f} % of pixels '
        f'are above the threshold instead of {100 * above[1]:.2f} %.'
    )


def with_notes(
    metadata: Metadata, agreement: Agreement, effect: Effect | None, excess: Sequence[str]
) -> Metadata:
    """Add what was found out about the precision of a file.

    Args:
        metadata: of the file.
        agreement: with torch.
        effect: on a labelled set, where one was measured.
        excess: what is outside the tolerance; the file was then written with --force.
    """
    notes = [*metadata.notes]
    if metadata.precision != 'fp32':
        notes.append(f'{metadata.precision}: {agreement}.')
    if effect is not None:
        notes.append(f'{metadata.precision} on {effect}.')
    if excess:
        notes.append(
            f'outside the tolerance of its precision, written with --force: {"; ".join(excess)}.'
        )
    return replace(metadata, notes=tuple(notes))
