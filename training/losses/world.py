"""The processes that share one batch, so that means are taken over all its pixels."""

from dataclasses import dataclass
from typing import Final

import torch.distributed as dist
from torch import Tensor


@dataclass(frozen=True)
class World:
    """Processes with a part of the batch each; every one of them must call `sum` equally often.

    Data-parallel training averages gradients over processes. A loss of one process is therefore
    its own sum, times `num_processes`, over the count of the whole batch: its average over
    processes is the loss of the whole batch, also where a process has none of the pixels.
    """

    num_processes: int = 1

    def __post_init__(self) -> None:
        if self.num_processes < 1:
            raise ValueError(f'a world has at least one process, got {self.num_processes}')

    def sum(self, values: Tensor) -> Tensor:
        """Return the sum of `values` over processes, without gradient.

        Args:
            values: any shape and dtype, the same on every process.
        """
        total = values.detach().clone()
        if self.num_processes > 1:
            dist.all_reduce(total)
        return total


ALONE: Final = World()
"""One process with the whole batch."""


def current_world() -> World:
    """Return the processes that torch.distributed was started with; `ALONE` where it was not."""
    if not dist.is_available() or not dist.is_initialized():
        return ALONE
    return World(dist.get_world_size())
