from dataclasses import replace

import pytest

torch = pytest.importorskip('torch')

from tests.training.conftest import PaintedFrames
from tests.training.every_term import EVERY_TERM
from training.checkpoints import load_checkpoint, save_checkpoint
from training.data.frames import WeightedSource
from training.loop import run
from training.models.espnetv2 import ESPNetv2
from training.network_settings import NetworkSettings
from training.run_data import training_samples
from training.run_state import new_state, restored_state

ACCUMULATED = replace(EVERY_TERM, accumulation_steps=2, precision='bf16')


def run_on(state, settings, *, stop_at=None):
    run(
        state,
        settings,
        training_samples(settings, [WeightedSource(PaintedFrames())]),
        log=None,
        after_step=lambda _: None,
        is_stopped=lambda: state.step == stop_at,
    )
    return state


def resumed(settings, path, *, stop_at):
    first = run_on(new_state(settings), settings, stop_at=stop_at)
    assert first.step == stop_at
    save_checkpoint(first.checkpoint(settings), path)
    torch.manual_seed(99)
    return run_on(restored_state(load_checkpoint(path)), settings)


def compared(checkpoint):
    """All but the settings, and whose the patterns are where only the average counts."""
    trained = checkpoint.trained and {
        name: each for name, each in checkpoint.trained.items() if not name.endswith('hash')
    }
    return vars(checkpoint) | {'settings': None, 'trained': trained}


def assert_same(found, expected):
    if isinstance(expected, torch.Tensor):
        assert torch.equal(found, expected)
    elif isinstance(expected, dict):
        assert list(found) == list(expected)
        for name, value in expected.items():
            assert_same(found[name], value)
    elif isinstance(expected, (list, tuple)):
        assert len(found) == len(expected)
        for each, value in zip(found, expected, strict=True):
            assert_same(each, value)
    elif hasattr(expected, '__dict__'):
        assert_same(vars(found), vars(expected))
    else:
        assert found == expected


@pytest.fixture(scope='module')
def whole_run():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield run_on(new_state(ACCUMULATED), ACCUMULATED).checkpoint(ACCUMULATED)
    torch.set_num_threads(threads)


@pytest.mark.parametrize('stop_at', [1, 2, 3])
def test_a_resumed_run_has_every_bit_of_one_that_never_stopped(tmp_path, whole_run, stop_at):
    state = resumed(ACCUMULATED, tmp_path / 'last.pt', stop_at=stop_at)
    found = state.checkpoint(ACCUMULATED)
    assert found.step == 5
    assert found.trained is not None
    assert int(found.prototypes.counts.sum()) > 0
    assert_same(compared(found), compared(whole_run))


def test_a_frozen_network_resumes_without_its_weight_file(tmp_path):
    weights = tmp_path / 'espnetv2_s_0.5_city_1024x512.pth'
    torch.manual_seed(5)
    published = ESPNetv2(width_factor=0.5, num_classes=19).state_dict()
    torch.save(published, weights)
    settings = replace(
        EVERY_TERM,
        network=NetworkSettings(
            kind='espnetv2', width_factor=0.5, weights=weights, is_frozen=True
        ),
        branch=replace(
            EVERY_TERM.branch,
            residual_taps=('d3', 'logits'),
            embedding_taps=('l3',),
            posterior_taps=('l3', 'd3'),
        ),
        losses=replace(EVERY_TERM.losses, cross_entropy_weight=0.0),
        closed_set_steps=0,
        anomaly_steps=2,
        batch_size=2,
    )
    whole = run_on(new_state(settings), settings).checkpoint(settings)
    first = run_on(new_state(settings), settings, stop_at=1)
    save_checkpoint(first.checkpoint(settings), tmp_path / 'last.pt')
    weights.unlink()
    second = run_on(restored_state(load_checkpoint(tmp_path / 'last.pt')), settings)
    assert_same(compared(second.checkpoint(settings)), compared(whole))
    for name, tensor in published.items():
        assert torch.equal(whole.network[f'closed_set.{name}'], tensor), name
