"""The processes and the device of a run: torchrun's environment, precision, who writes files."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import torch
import torch.distributed as dist

from training.settings import TrainSettings

_PATIENCE: Final = timedelta(hours=3)
"""How long processes wait for the first one, which renders and validates."""

LOG_FILE_INTERVAL_S: Final = 30
"""Between two states of a progress bar where nobody watches it move."""

DTYPES = {'bf16': torch.bfloat16, 'fp16': torch.float16, 'fp32': torch.float32}


@dataclass(frozen=True)
class Processes:
    """This process among those that share each batch."""

    rank: int = 0
    count: int = 1

    @property
    def is_first(self) -> bool:
        """Whether this process validates, writes and speaks for all."""
        return self.rank == 0

    def share_of(self, batch: list[Any]) -> list[Any]:
        """Return this process's part of a step's samples."""
        size = len(batch) // self.count
        return batch[self.rank * size : (self.rank + 1) * size]

    @contextmanager
    def first_goes_ahead(self) -> Iterator[None]:
        """Let the first process render what all of them then read."""
        if not self.is_first:
            dist.barrier()
        yield
        if self.is_first and self.count > 1:
            dist.barrier()


@contextmanager
def joined_processes() -> Iterator[Processes]:
    """Join the processes that torchrun started; one process where it started none."""
    if 'WORLD_SIZE' not in os.environ:
        yield Processes()
        return
    backend = 'nccl' if torch.cuda.is_available() else 'gloo'
    dist.init_process_group(backend, timeout=_PATIENCE)
    try:
        yield Processes(dist.get_rank(), dist.get_world_size())
    finally:
        dist.destroy_process_group()


def device_of(settings: TrainSettings) -> torch.device:
    """Return the device of this process.

    Raises:
        ValueError: CUDA was asked for and is not there, or fp16 without CUDA.
    """
    has_cuda = torch.cuda.is_available()
    if settings.device == 'cuda' and not has_cuda:
        raise ValueError('--device cuda, but torch finds no GPU; use --device cpu')
    if settings.device == 'cpu' or not has_cuda:
        if settings.precision == 'fp16':
            raise ValueError('--precision fp16 needs a GPU; use bf16 or fp32')
        return torch.device('cpu')
    device = torch.device('cuda', int(os.environ.get('LOCAL_RANK', '0')))
    torch.cuda.set_device(device)
    return device


def autocast(settings: TrainSettings, device: torch.device) -> torch.autocast:
    """Return the context in which convolutions run in the precision of the settings."""
    is_on = settings.precision != 'fp32'
    return torch.autocast(device.type, DTYPES[settings.precision], enabled=is_on)


def check_batch(settings: TrainSettings, processes: Processes) -> None:
    """Refuse a batch that cannot be shared evenly.

    Raises:
        ValueError: processes and accumulation steps do not divide the batch size.
    """
    parts = processes.count * settings.accumulation_steps
    if settings.batch_size % parts:
        raise ValueError(
            f'--batch-size {settings.batch_size} cannot be shared evenly by {processes.count} '
            f'processes in {settings.accumulation_steps} parts each; use a multiple of {parts}'
        )
