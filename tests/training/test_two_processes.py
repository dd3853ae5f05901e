import os
import subprocess
import sys
from pathlib import Path

import pytest

torch = pytest.importorskip('torch')

from tests.training.every_term import batch_of
from tests.training.one_of_two_runs import EXPOSED, WITHOUT_PROTOTYPES, cases, steps_on
from training.objective import TERMS
from training.processes import Processes

ROOT = Path(__file__).parents[2]
CASES = ['both stages', *(f'outliers: {name}' for name in EXPOSED)]


@pytest.fixture(scope='module')
def shared(tmp_path_factory):
    """What each of two processes made of runs that they shared."""
    folder = tmp_path_factory.mktemp('two_runs')
    command = [sys.executable, '-m', 'tests.training.one_of_two_runs']
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
            _, errors = process.communicate(timeout=600)
            assert process.returncode == 0, errors
    finally:
        for process in processes:
            process.kill()
    return [torch.load(folder / f'{rank}.pt', weights_only=False) for rank in (0, 1)]


@pytest.fixture(scope='module')
def alone():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield dict(cases(Processes()))
    torch.set_num_threads(threads)


def assert_close(found, expected):
    assert set(found) == set(expected)
    for name, tensor in expected.items():
        torch.testing.assert_close(found[name], tensor, rtol=0, atol=1e-5, msg=name)


@pytest.mark.parametrize('name', CASES)
@pytest.mark.parametrize('rank', [0, 1])
def test_two_processes_have_the_weights_of_one_with_the_whole_batch(shared, alone, name, rank):
    found, expected = shared[rank][name], alone[name]
    assert found['step'] == expected['step'] > 2
    for part in ('weights', 'average', 'prototypes'):
        assert_close(found[part], expected[part])


def test_margins_and_logged_terms_are_those_of_one(shared, alone):
    lines, expected = shared[0]['both stages']['log'], alone['both stages']['log']
    assert [each[:2] for each in lines] == [each[:2] for each in expected]
    for (_, _, found), (_, _, values) in zip(lines, expected, strict=True):
        numbers = {
            key: each for key, each in values.items() if key not in ('stage', 'images_per_s')
        }
        assert {key: found[key] for key in numbers} == pytest.approx(numbers, abs=1e-5)
    assert set(expected[-1][2]) >= set(TERMS)
    assert shared[1]['both stages']['log'] == []


def test_terms_average_to_those_of_the_whole_batch(shared, alone):
    case = 'outliers: in one process'
    for step, expected in enumerate(alone[case]['terms']):
        for name, value in expected.items():
            parts = [rank[case]['terms'][step][name].item() for rank in shared]
            assert sum(parts) / 2 == pytest.approx(value.item(), abs=1e-5), name


def test_equal_parts_accumulate_to_the_whole_batch(shared):
    whole = steps_on(batch_of(4, exposed=range(4)), WITHOUT_PROTOTYPES, Processes())
    for rank in shared:
        assert_close(rank['accumulated']['weights'], whole['weights'])


def test_one_that_stops_stops_all_at_the_same_step(shared):
    assert [rank['one stops']['step'] for rank in shared] == [2, 2]


def test_all_have_the_margins_of_the_first(shared):
    first, second = (rank['moving norm'] for rank in shared)
    assert first['margins'] == second['margins']
    names = [name for name in first['weights'] if name.endswith('weight')]
    assert_close(
        {name: first['weights'][name] for name in names},
        {name: second['weights'][name] for name in names},
    )
