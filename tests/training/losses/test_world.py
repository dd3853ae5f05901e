import os
import subprocess
import sys
from pathlib import Path

import pytest

torch = pytest.importorskip('torch')

from hopfield_pebal_ros.contract.labels import IGNORE_ID, OUTLIER_ID
from tests.training.losses.every_loss import (
    IN_CHUNKS,
    NAMES,
    K,
    every_loss,
    example_labels,
    example_maps,
)
from training.losses.class_prototypes import no_prototypes, updated_prototypes
from training.losses.world import ALONE, World, current_world

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope='module')
def halves(tmp_path_factory):
    """What two processes made of half the batch each; outliers are in the first half alone."""
    folder = tmp_path_factory.mktemp('two_processes')
    command = [sys.executable, '-m', 'tests.training.losses.one_of_two_processes']
    environment = {**os.environ, 'GLOO_SOCKET_IFNAME': 'lo', 'OMP_NUM_THREADS': '1'}
    processes = [
        subprocess.Popen(
            [*command, str(rank), str(folder)],
            cwd=ROOT,
            env=environment,
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in (0, 1)
    ]
    try:
        for process in processes:
            _, errors = process.communicate(timeout=120)
            assert process.returncode == 0, errors
    finally:
        for process in processes:
            process.kill()
    return [torch.load(folder / f'{rank}.pt', weights_only=False) for rank in (0, 1)]


def whole_batch(*, with_outliers):
    maps, labels = example_maps().requires_grad_(), example_labels()
    if not with_outliers:
        labels = labels.where(labels != OUTLIER_ID, IGNORE_ID)
    return maps, labels


@pytest.mark.parametrize('with_outliers', [True, False])
@pytest.mark.parametrize('name', [*NAMES, *(f'{name}, in chunks' for name in IN_CHUNKS)])
def test_two_processes_equal_one_with_the_whole_batch(halves, name, with_outliers):
    maps, labels = whole_batch(with_outliers=with_outliers)
    loss = every_loss(maps, labels)[name.removesuffix(', in chunks')]
    (gradient,) = torch.autograd.grad(loss, maps)
    first, second = (half[with_outliers][0][name] for half in halves)
    # data-parallel training averages over processes
    assert (first[0] + second[0]).item() / 2 == pytest.approx(loss.item(), rel=1e-6, abs=1e-6)
    together = torch.cat([first[1], second[1]]) / 2
    torch.testing.assert_close(together, gradient, rtol=1e-5, atol=1e-6)


def test_two_processes_have_the_prototypes_of_the_whole_batch(halves):
    maps, labels = whole_batch(with_outliers=True)
    prototypes = updated_prototypes(no_prototypes(K, 12), maps, labels)
    for half in halves:
        found = half[True][1]
        assert found.counts.tolist() == prototypes.counts.tolist()
        torch.testing.assert_close(found.directions, prototypes.directions, rtol=0, atol=1e-6)


def test_alone_the_sum_is_the_value_without_gradient():
    value = torch.tensor([2.0, 3.0], requires_grad=True)
    total = ALONE.sum(value)
    assert total.tolist() == [2.0, 3.0]
    assert not total.requires_grad


def test_without_a_process_group_one_is_alone():
    assert current_world() == ALONE


def test_a_world_of_no_process_is_refused():
    with pytest.raises(ValueError, match='at least one process, got 0'):
        World(0)
