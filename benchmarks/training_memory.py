"""Extra peak memory of losses and pattern memory: python -m benchmarks.training_memory whole 512.

Prints it in logits, for a crop of that height and twice the width: what the process takes at its
highest above what it held with logits, embedding, labels and patterns in place, over the size of
the logits. The gradients of logits and embedding count, as does every temporary of a kernel; code
is loaded before, by a small crop. Run by `benchmarks.training`. Linux only.
"""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor

from benchmarks.figures import Figure
from hopfield_pebal_ros.contract.energy import pebal_energy
from hopfield_pebal_ros.contract.labels import IGNORE_ID, OUTLIER_ID
from training.losses.abstention import Payoff, abstention_loss
from training.losses.border_energy import border_energy_loss
from training.losses.chunked_terms import in_row_chunks
from training.losses.dataset_posterior import dataset_posterior_loss
from training.losses.energy_margin import energy_margin_loss
from training.losses.regularizers import smoothness, sparsity
from training.losses.selection import inlier_and_outlier, mean_of
from training.losses.world import ALONE, World
from training.memory.pattern_memory import MemorySettings, PatternMemory

HEIGHT: Final = 1024
NUM_CLASSES: Final = 19
EMBEDDING_WIDTH: Final = 64
EMBEDDING_STRIDE: Final = 4
FOUR_THOUSAND: Final = MemorySettings(patterns_per_class=108, outlier_patterns=2044)
"""4096 patterns: 19 x 108 and 2044."""


def memory_figures() -> list[Figure]:
    """Measure each way in a process of its own, because a peak never falls again."""
    return [
        Figure(
            'extra_memory_of_losses_and_4096_patterns_at_1024x2048',
            _measured('chunks', HEIGHT),
            'times the logits',
            'lower',
            2,
        ),
        Figure(
            'extra_memory_of_the_same_losses_without_chunks_at_512x1024',
            _measured('whole', HEIGHT // 2),
            'times the logits',
            'lower',
            None,
        ),
    ]


def main() -> None:
    way, height = sys.argv[1], int(sys.argv[2])
    _step(way, *_inputs(64))
    inputs = _inputs(height)
    Path('/proc/self/clear_refs').write_text('5')  # forget the peak of making the inputs
    before = _status_bytes('VmRSS')
    _step(way, *inputs)
    extra = _status_bytes('VmHWM') - before
    print(f'{extra / inputs[0].nbytes:.3f}')  # noqa: T201


def _measured(way: str, height: int) -> float:
    command = [sys.executable, '-m', 'benchmarks.training_memory', way, str(height)]
    # what is freed goes back to the system, so that the peak is that of what is in use
    environment = {**os.environ, 'MALLOC_MMAP_THRESHOLD_': str(2**20)}
    answer = subprocess.run(
        command, capture_output=True, text=True, check=True, timeout=1800, env=environment
    )
    return float(answer.stdout)


def _inputs(height: int) -> tuple[Tensor, Tensor, Tensor, PatternMemory]:
    """Logits, labels, unit embedding and memory of one crop, a tenth of it outliers."""
    torch.manual_seed(0)
    width = 2 * height
    labels = torch.randint(NUM_CLASSES, (1, height, width))
    labels[:, : height // 10] = OUTLIER_ID
    labels[:, -height // 10 :] = IGNORE_ID
    logits = torch.randn(1, NUM_CLASSES + 1, height, width).requires_grad_()
    cells = (height // EMBEDDING_STRIDE, width // EMBEDDING_STRIDE)
    embedding = F.normalize(torch.randn(1, EMBEDDING_WIDTH, *cells), dim=1).requires_grad_()
    memory = PatternMemory(
        FOUR_THOUSAND, class_ids=range(NUM_CLASSES), embedding_width=EMBEDDING_WIDTH
    )
    return logits, labels, embedding, memory


def _step(
    way: str, logits: Tensor, labels: Tensor, embedding: Tensor, memory: PatternMemory
) -> None:
    """Take losses and gradients of one crop."""
    maps = {'logits': logits, 'labels': labels}
    if way == 'chunks':
        terms, energy = in_row_chunks(_logit_terms, _energy, maps)
    else:
        terms, energy = _logit_terms(maps, ALONE), _energy(maps)
    inlier, _ = inlier_and_outlier(labels)
    neighbours = 1e-3 * smoothness(energy, inlier)
    cells = labels[:, ::EMBEDDING_STRIDE, ::EMBEDDING_STRIDE]
    of_memory = _memory_terms(embedding, cells, memory)
    torch.autograd.backward(torch.stack([*terms.values(), neighbours, *of_memory]).sum())


def _energy(maps: Mapping[str, Tensor]) -> Tensor:
    energy: Tensor = pebal_energy(maps['logits'], num_classes=NUM_CLASSES)
    return energy


def _logit_terms(maps: Mapping[str, Tensor], world: World) -> dict[str, Tensor]:
    logits, labels = maps['logits'], maps['labels']
    inlier, outlier = inlier_and_outlier(labels)
    energy = _energy(maps)
    entropy = F.cross_entropy(logits[:, :-1], labels.where(inlier, 0), reduction='none')
    return {
        'cross_entropy': mean_of(entropy, inlier, world=world),
        'abstention': abstention_loss(logits, labels, payoff=Payoff(), world=world),
        'margins': energy_margin_loss(
            energy, inlier, outlier, inlier_margin=-10.0, outlier_margin=-3.0, world=world
        ),
        'sparsity': sparsity(energy, outlier, world=world),
    }


def _memory_terms(embedding: Tensor, labels: Tensor, memory: PatternMemory) -> list[Tensor]:
    energies, beta = memory.energies(embedding), memory.beta
    inlier, outlier = inlier_and_outlier(labels)
    log_odds = beta * (energies.inlier - energies.outlier)
    of_class = F.cross_entropy(
        -beta * energies.of_class, labels.where(inlier, 0), reduction='none'
    )
    return [
        dataset_posterior_loss(log_odds, inlier, outlier, is_balanced=True),
        mean_of(of_class, inlier),
        border_energy_loss(energies.inlier, energies.outlier, inlier | outlier, beta=beta),
    ]


def _status_bytes(name: str) -> int:
    for line in Path('/proc/self/status').read_text().splitlines():
        if line.startswith(f'{name}:'):
            return int(line.split()[1]) * 1024
    raise RuntimeError(f'/proc/self/status has no {name} line: is this Linux?')


if __name__ == '__main__':
    main()
