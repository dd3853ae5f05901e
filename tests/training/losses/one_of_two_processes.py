"""python -m tests.training.losses.one_of_two_processes RANK FOLDER: its half of every loss."""

import sys
from datetime import timedelta
from pathlib import Path

import torch
import torch.distributed as dist

from hopfield_pebal_ros.contract.labels import IGNORE_ID, OUTLIER_ID
from tests.training.losses.every_loss import (
    IN_CHUNKS,
    K,
    chunked_loss,
    every_loss,
    example_labels,
    example_maps,
)
from training.losses.class_prototypes import no_prototypes, updated_prototypes
from training.losses.world import current_world


def results_of_half(rank, *, with_outliers):
    """Return losses, gradients and prototypes of images 2 rank and 2 rank + 1."""
    half = slice(2 * rank, 2 * rank + 2)
    maps, labels = example_maps()[half].requires_grad_(), example_labels()[half]
    if not with_outliers:
        labels = labels.where(labels != OUTLIER_ID, IGNORE_ID)
    results = {}
    for name, loss in every_loss(maps, labels, world=current_world()).items():
        (gradient,) = torch.autograd.grad(loss, maps, retain_graph=True)
        results[name] = (loss.detach(), gradient)
    for name in IN_CHUNKS:
        loss = chunked_loss(name, maps, labels, rows=2, world=current_world())
        (gradient,) = torch.autograd.grad(loss, maps)
        results[f'{name}, in chunks'] = (loss.detach(), gradient)
    prototypes = updated_prototypes(no_prototypes(K, 12), maps, labels, world=current_world())
    return results, prototypes


def main():
    rank, folder = int(sys.argv[1]), Path(sys.argv[2])
    torch.set_num_threads(1)
    dist.init_process_group(
        'gloo',
        init_method=(folder / 'rendezvous').as_uri(),
        rank=rank,
        world_size=2,
        timeout=timedelta(seconds=60),
    )
    cases = {each: results_of_half(rank, with_outliers=each) for each in (True, False)}
    torch.save(cases, folder / f'{rank}.pt')
    dist.destroy_process_group()


if __name__ == '__main__':
    main()
