"""A function of pixels taken some rows at a time, to bound what its intermediates take."""

from collections.abc import Callable
from typing import Final

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

VALUES_AT_ONCE: Final = 2**21
"""Of one intermediate tensor; a handful of them live at a time."""


def over_rows(function: Callable[[Tensor], Tensor], x: Tensor, *, values_per_pixel: int) -> Tensor:
    """Return `function(x)` for a function that treats each pixel by itself.

    Where it does not fit at once, the rows are taken in chunks whose intermediates are computed
    again in the backward pass. An exported graph has the plain form.

    Args:
        function: (B, D, rows, W) to (B, C, rows, W); what it closes over gets its gradient too.
        x: (B, D, H, W).
        values_per_pixel: of the largest intermediate.
    """
    if torch.compiler.is_exporting():
        return function(x)
    batch, _, height, width = x.shape
    rows = max(1, VALUES_AT_ONCE // (batch * width * values_per_pixel))
    if rows >= height:
        return function(x)
    if not torch.is_grad_enabled():
        return torch.cat([function(part) for part in x.split(rows, dim=2)], dim=2)
    parts = [
        checkpoint(function, part, use_reentrant=False, preserve_rng_state=False)
        for part in x.split(rows, dim=2)
    ]
    return torch.cat(parts, dim=2)
