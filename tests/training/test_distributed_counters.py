import numpy as np
import pytest

torch = pytest.importorskip('torch')
from torch import distributed, multiprocessing

from hopfield_pebal_ros.evaluation.pixel_metrics import PixelCounter
from hopfield_pebal_ros.evaluation.segmentation_metrics import ConfusionMatrix


def pixels(seed):
    rng = np.random.default_rng(seed)
    outlier = rng.random(500) < 0.2
    return (rng.normal(size=500) + outlier).astype(np.float32), outlier


def labels(seed):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 3, 500, np.uint8), rng.integers(0, 3, 500, np.uint8)


def count_and_reduce(rank, rendezvous, result):
    distributed.init_process_group(
        'gloo', init_method=f'file://{rendezvous}', rank=rank, world_size=2
    )
    energies, classes = PixelCounter(), ConfusionMatrix(3)
    energies.add(*pixels(rank))
    classes.add(*labels(rank))
    for counter in (energies, classes):  # in place: the tensor shares the counters' memory
        distributed.all_reduce(torch.from_numpy(counter.counts))
    if rank == 0:
        figures = energies.figures()
        np.save(result, [figures.ap, figures.fpr95, classes.miou()])
    distributed.destroy_process_group()


def test_counters_reduced_over_two_processes_are_those_of_one(tmp_path):
    result = tmp_path / 'figures.npy'
    multiprocessing.spawn(count_and_reduce, (str(tmp_path / 'meet'), str(result)), nprocs=2)
    energies, classes = PixelCounter(), ConfusionMatrix(3)
    for rank in (0, 1):
        energies.add(*pixels(rank))
        classes.add(*labels(rank))
    figures = energies.figures()
    assert np.load(result).tolist() == [figures.ap, figures.fpr95, classes.miou()]
