"""How much a pixel of each class counts in cross-entropy."""

from typing import Final

from torch import Tensor

LARGEST_CLASS_WEIGHT: Final = 12.0


def class_weights_from(pixels: Tensor, *, balance: float) -> Tensor:
    """Return the weight of each class in cross-entropy, (K,) float32.

    w_k is in proportion to f_k^-balance for the share f_k of class k, scaled so that a pixel
    weighs 1 on average, then cut at `LARGEST_CLASS_WEIGHT`. Classes that do not occur weigh 1.

    Args:
        pixels: (K,) number of pixels of each class.
        balance: 0 for equal weights, 0.5 for the inverse square root.
    """
    share = pixels.double() / pixels.sum().clamp(min=1)
    weights = share.clamp(min=1e-12) ** -balance
    weights = weights / (share * weights).sum().clamp(min=1e-12)
    weights = weights.clamp(max=LARGEST_CLASS_WEIGHT)
    return weights.where(pixels > 0, 1.0).float()
