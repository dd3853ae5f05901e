"""A label map -> which pixels are outliers and which count at all."""

import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.contract.labels import IGNORE_ID, OUTLIER_ID

Mask = npt.NDArray[np.bool_]


def outlier_and_valid(label_map: npt.NDArray[np.integer]) -> tuple[Mask, Mask]:
    """Split an integer label map of our ids, any shape.

    Returns:
        Pixels that are outliers, and pixels that count: every id but `IGNORE_ID`. Every other id
        is an inlier.
    """
    return label_map == OUTLIER_ID, label_map != IGNORE_ID


def checked_pixels(
    energy: npt.NDArray[np.floating], outlier: Mask, valid: Mask | None
) -> tuple[npt.NDArray[np.float32], Mask, Mask | None]:
    """Return the three as flat arrays, energy as float32, or refuse them.

    Args:
        energy: (H, W) or (N,) float, higher is more anomalous; NaN only where not valid.
        outlier: same shape, bool.
        valid: same shape, bool; None means every pixel.

    Raises:
        TypeError: energy is not float, or a mask is not bool.
        ValueError: the shapes differ, or a valid pixel is NaN.
    """
    masks = {'outlier': outlier} if valid is None else {'outlier': outlier, 'valid': valid}
    if not np.issubdtype(energy.dtype, np.floating):
        raise TypeError(f'energy must be float, got {energy.dtype}; convert stored maps first')
    for name, mask in masks.items():
        if mask.dtype != np.bool_:
            raise TypeError(
                f'{name} must be bool, got {mask.dtype}; make it from labels with '
                'ground_truth.outlier_and_valid'
            )
        if mask.shape != energy.shape:
            raise ValueError(
                f'{name} is {mask.shape}, energy is {energy.shape}: resize the energy to the '
                'label map first'
            )
    not_a_number = np.isnan(energy)
    if valid is not None:
        not_a_number &= valid
    if not_a_number.any():
        raise ValueError(
            f'{np.count_nonzero(not_a_number)} of {energy.size} valid pixels have NaN energy; '
            'leave padding out with the valid mask, or find the network that made them'
        )
    flat = np.asarray(energy, np.float32).ravel()
    return flat, outlier.ravel(), None if valid is None else valid.ravel()
