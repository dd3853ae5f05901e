"""The linear classifier between features and logits, recovered from a stream of both."""

from typing import Final

import torch
from torch import Tensor

from training.scores.memory_bound import require_memory
from training.scores.readings import FeatureStream, ScoreError, checked

_LARGEST_ERROR: Final = 0.02
"""Root mean square of what a linear map leaves, over the deviation of the logits."""


def recovered_classifier(stream: FeatureStream, *, bound_mib: int) -> tuple[Tensor, Tensor]:
    """Return W (K, D) and b (K,) float32 with logits = W z + b, by least squares in float64.

    Raises:
        ScoreError: the logits are no linear function of these features, or the stream is empty.
        MemoryError: the normal equations exceed the bound.
    """
    width, num_classes = stream.width + 1, stream.num_classes
    require_memory(8 * width * (width + num_classes), bound_mib, 'normal equations')
    gram = torch.zeros(width, width, dtype=torch.float64)
    cross = torch.zeros(width, num_classes, dtype=torch.float64)
    squares = torch.zeros((), dtype=torch.float64)
    for batch in checked(stream):
        z = torch.cat([batch.features, torch.ones(len(batch.features), 1)], dim=1).double()
        logits = batch.class_logits.double()
        gram += z.T @ z
        cross += z.T @ logits
        squares += logits.square().sum()
    count = gram[-1, -1]
    if count == 0:
        raise ScoreError('no features were counted; give a stream that is not empty')
    solution = torch.linalg.pinv(gram, hermitian=True) @ cross
    left = squares - (solution * cross).sum()
    spread = squares - cross[-1].square().sum() / count
    error = float((left.clamp(min=0) / spread.clamp(min=1e-30)).sqrt())
    if error > _LARGEST_ERROR:
        raise ScoreError(
            f'heat_el needs the features that the linear classifier reads, but a linear map of '
            f'these leaves {100 * error:.0f} % of the deviation of the logits; read the last map '
            'before the logits'
        )
    return solution[:-1].T.float(), solution[-1].float()
