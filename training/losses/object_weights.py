"""Weights by which a small object counts more than its few pixels."""

import cv2
import numpy as np
import torch
from torch import Tensor


def object_weights(outlier: Tensor, *, exponent: float) -> Tensor:
    """Weigh each outlier pixel by (pixels of its connected region)^-exponent.

    Args:
        outlier: (B, H, W) bool.
        exponent: 0: pixels count alike; 1: objects count alike.

    Returns:
        (B, H, W) float32, 0 where there is no outlier.
    """
    weights = np.zeros(outlier.shape, np.float32)
    for place, mask in enumerate(outlier.cpu().numpy().astype(np.uint8)):
        _, regions = cv2.connectedComponents(mask)
        num_pixels = np.maximum(np.bincount(regions.ravel()), 1)  # all may be outliers
        weights[place] = num_pixels[regions] ** -exponent * mask
    return torch.from_numpy(weights).to(outlier.device)
