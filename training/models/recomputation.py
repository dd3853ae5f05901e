"""Gradient checkpointing: compute a block's activations again in the backward pass.

Chen et al. 2016, "Training Deep Nets with Sublinear Memory Cost". Only the inputs of the blocks
are kept, for about a third more computation. Results are those of plain training: the second
pass draws the same dropout masks and leaves the statistics of batch norm alone.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.utils.checkpoint import checkpoint


def recomputed(block: nn.Module, *inputs: Tensor) -> Tensor:
    """Return `block(*inputs)`; where gradients are wanted, keep nothing but the inputs."""
    if not torch.is_grad_enabled():
        return cast('Tensor', block(*inputs))

    def contexts() -> tuple[AbstractContextManager[None], AbstractContextManager[None]]:
        return nullcontext(), _untracked(block)

    return cast('Tensor', checkpoint(block, *inputs, use_reentrant=False, context_fn=contexts))


@contextmanager
def _untracked(block: nn.Module) -> Iterator[None]:
    """Let batch norm in training mode use the batch but not count it a second time."""
    norms = [
        each
        for each in block.modules()
        if isinstance(each, _BatchNorm) and each.training and each.track_running_stats
    ]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.momentum = 0.0  # the running statistics are multiplied by 1
    try:
        yield
    finally:
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.momentum = momentum
            if norm.num_batches_tracked is not None:
                norm.num_batches_tracked -= 1
