"""Which pixels a memory may store: correctly classified inliers by class, and outliers."""

from collections.abc import Iterator

import torch
from torch import Tensor

from hopfield_pebal_ros.contract.labels import OUTLIER_ID


def group_rows(
    embedding: Tensor,
    labels: Tensor,
    predicted: Tensor,
    *,
    class_ids: Tensor,
    pixels_per_image: int,
    generator: torch.Generator,
) -> Iterator[tuple[int, Tensor]]:
    """Yield a random sample of each group in each image, where the image has any of it.

    Classes differ a thousandfold in area, so each has the same largest number an image.

    Args:
        embedding: (B, D, h, w) float.
        labels: (B, h, w) int64 train ids at the size of the embedding.
        predicted: (B, h, w) integer train ids; a wrong one disqualifies an inlier.
        class_ids: (K,) train id of each group.
        pixels_per_image: of a group at most.
        generator: of the CPU.

    Yields:
        Group 0..K - 1 for classes, K for outliers, and rows (P, D) float32 on the CPU.
    """
    groups = [*class_ids.tolist(), OUTLIER_ID]
    for image, truth, guess in zip(embedding.detach(), labels, predicted, strict=True):
        is_usable = (truth == guess) | (truth == OUTLIER_ID)
        for group, train_id in enumerate(groups):
            found = ((truth == train_id) & is_usable).flatten().nonzero()[:, 0].cpu()
            if len(found):
                chosen = torch.randperm(len(found), generator=generator)[:pixels_per_image]
                pixels = found[chosen].to(image.device)
                yield group, image.flatten(1)[:, pixels].T.float().cpu()
