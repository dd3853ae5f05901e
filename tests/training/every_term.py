"""A tiny run whose anomaly stage has every term of the loss, and batches made by hand."""

import torch

from hopfield_pebal_ros.contract.labels import IGNORE_ID, OUTLIER_ID
from training.data.samples import Sample
from training.loss_settings import LossSettings
from training.memory.pattern_memory import MemorySettings
from training.models.anomaly_network import BranchSettings
from training.network_settings import NetworkSettings
from training.objective import TERMS
from training.settings import TrainSettings

SIDE = 64
TAPS = ('s8', 'decoder')

EVERY_TERM = TrainSettings(
    num_drives=1,
    network_hw=(SIDE, 2 * SIDE),
    crop_hw=(SIDE, SIDE),
    network=NetworkSettings(
        widths=(8, 8, 8), blocks=(1, 1, 1), decoder_width=8, has_frozen_norm=True
    ),
    branch=BranchSettings(
        residual_taps=TAPS, embedding_taps=TAPS, posterior_taps=TAPS, width=8, embedding_width=8
    ),
    memory=MemorySettings(patterns_per_class=2, outlier_patterns=4),
    losses=LossSettings(**{f'{name}_weight': 0.5 for name in TERMS}, loss_stride=4),
    batch_size=4,
    closed_set_steps=2,
    anomaly_steps=3,
    learning_rate=1e-3,
    anomaly_learning_rate=1e-3,
    average_decay=0.9,
    precision='fp32',
    num_threads=1,
    num_workers=0,
    log_every=1,
)
"""Heads, learned patterns, prototypes, moving average; frozen batch norm."""


def batch_of(count, *, exposed):
    """Return noise with road, sky and a corner to ignore; `exposed` samples have an outlier."""
    generator = torch.Generator().manual_seed(0)
    image = torch.randint(256, (count, 3, SIDE, SIDE), generator=generator, dtype=torch.uint8)
    labels = torch.zeros(count, SIDE, SIDE, dtype=torch.uint8)
    labels[:, : SIDE // 2] = 10
    labels[:, :8, :8] = IGNORE_ID
    for index in exposed:
        labels[index, 40:56, 16:40] = OUTLIER_ID
    return Sample(image, labels, [f'noise {index}' for index in range(count)])


def part_of(batch, rank):
    """Return the half of a batch that one of two processes gets."""
    half = len(batch.image) // 2
    part = slice(rank * half, (rank + 1) * half)
    return Sample(batch.image[part], batch.labels[part], batch.name[part])


def freeze_every_norm(network):
    """Keep batch norm in evaluation mode also in the branch's heads, whatever train() says."""
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.eval()
            module.train = lambda _mode=True: None
