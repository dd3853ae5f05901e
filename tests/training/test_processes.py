from dataclasses import replace

import pytest

torch = pytest.importorskip('torch')

from training.processes import Processes, autocast, check_batch, device_of, joined_processes
from training.settings import TrainSettings

NO_GPU = pytest.mark.skipif(torch.cuda.is_available(), reason='there is a GPU')
CPU = torch.device('cpu')


def test_shares_are_equal_and_make_up_the_batch():
    shares = [Processes(rank, 3).share_of([10, 11, 12, 13, 14, 15]) for rank in range(3)]
    assert shares == [[10, 11], [12, 13], [14, 15]]
    assert [Processes(rank, 3).is_first for rank in range(3)] == [True, False, False]


@pytest.mark.parametrize(
    ('batch_size', 'accumulation_steps', 'count'), [(10, 3, 1), (10, 1, 3), (6, 2, 2)]
)
def test_a_batch_that_cannot_be_shared_evenly_is_refused(batch_size, accumulation_steps, count):
    settings = TrainSettings(batch_size=batch_size, accumulation_steps=accumulation_steps)
    parts = count * accumulation_steps
    with pytest.raises(ValueError, match=rf'{batch_size} cannot.*use a multiple of {parts}$'):
        check_batch(settings, Processes(0, count))
    check_batch(replace(settings, batch_size=2 * parts), Processes(0, count))


@NO_GPU
@pytest.mark.parametrize(
    ('values', 'message'),
    [
        ({'device': 'cuda'}, 'no GPU; use --device cpu'),
        ({'precision': 'fp16'}, 'fp16 needs a GPU; use bf16 or fp32'),
        ({'precision': 'fp16', 'device': 'cpu'}, 'fp16 needs a GPU'),
    ],
)
def test_what_needs_a_gpu_is_refused_without_one(values, message):
    with pytest.raises(ValueError, match=message):
        device_of(TrainSettings(**values))


@NO_GPU
def test_without_a_gpu_auto_is_the_cpu():
    assert device_of(TrainSettings()) == CPU


@pytest.mark.parametrize(
    ('precision', 'dtype'), [('bf16', torch.bfloat16), ('fp32', torch.float32)]
)
def test_convolutions_run_in_the_precision_of_the_settings(precision, dtype):
    layer = torch.nn.Conv2d(1, 1, 1)
    with autocast(TrainSettings(precision=precision), CPU):
        assert layer(torch.zeros(1, 1, 1, 1)).dtype == dtype


def test_without_torchrun_there_is_one_process(monkeypatch):
    monkeypatch.delenv('WORLD_SIZE', raising=False)
    with joined_processes() as processes, processes.first_goes_ahead():
        assert (processes.rank, processes.count) == (0, 1)
