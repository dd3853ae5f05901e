from dataclasses import replace

import pytest

torch = pytest.importorskip('torch')
from torch import nn

from training.checkpoints import save_checkpoint
from training.initial_weights import take_matching
from training.models.anomaly_network import BranchSettings
from training.network_settings import NetworkSettings
from training.networks import build_network
from training.run_state import new_state, started_state


def test_what_fits_is_taken_and_the_rest_is_named(tmp_path):
    network = nn.ModuleDict({'a': nn.Linear(2, 3), 'b': nn.Linear(3, 1)})
    before = network['b'].weight.clone()
    weights = {
        'a.weight': torch.ones(3, 2),
        'a.bias': torch.ones(3),
        'b.weight': torch.ones(7, 3),  # another shape
        'c.weight': torch.ones(1),
    }
    taken = take_matching(network, weights, tmp_path / 'x.pt')
    assert (taken.taken, taken.unused, taken.random) == (
        2,
        ('b.weight', 'c.weight'),
        ('b.bias', 'b.weight'),
    )
    assert str(taken) == (
        '2 tensors taken, 2 left in the file (b.weight, c.weight, ...), '
        '2 start at random (b.bias, b.weight, ...)'
    )
    assert torch.equal(network['a'].weight, torch.ones(3, 2))
    assert torch.equal(network['b'].weight, before)


def test_a_file_of_which_nothing_fits_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r'no tensor of .*x\.pt fits.*holds other.*bias, weight'):
        take_matching(nn.Linear(2, 3), {'other': torch.ones(1)}, tmp_path / 'x.pt')


def test_a_run_starts_from_the_checkpoint_of_one_with_other_heads(
    tmp_path, tiny_settings, trained_checkpoint
):
    save_checkpoint(trained_checkpoint, tmp_path / 'best.pt')
    settings = replace(
        tiny_settings,
        start_from=tmp_path / 'best.pt',
        closed_set_steps=0,
        average_decay=0.9,
        branch=BranchSettings(posterior_taps=('decoder',)),
    )
    state, taken = started_state(settings)
    assert taken is not None
    assert taken.unused == ()
    assert taken.taken == len(trained_checkpoint.network)
    assert {name.split('.')[0] for name in taken.random} == {'posterior'}
    assert 'start at random (posterior.' in str(taken)
    for name, tensor in trained_checkpoint.network.items():
        assert torch.equal(state.network.state_dict()[name], tensor), name
        assert torch.equal(state.measured.state_dict()[name], tensor), name


def test_a_checkpoint_of_another_network_is_refused(tmp_path, tiny_settings, trained_checkpoint):
    save_checkpoint(trained_checkpoint, tmp_path / 'best.pt')
    settings = replace(
        tiny_settings,
        start_from=tmp_path / 'best.pt',
        network=NetworkSettings(kind='espnetv2', width_factor=0.5),
    )
    with pytest.raises(ValueError, match=r'no tensor of .*best\.pt fits this network'):
        started_state(settings)


def test_starting_from_nothing_is_refused(tmp_path, tiny_settings):
    settings = replace(tiny_settings, start_from=tmp_path / 'best.pt')
    with pytest.raises(FileNotFoundError, match=r'no checkpoint .*best\.pt'):
        started_state(settings)


def test_equal_seeds_start_with_equal_weights(tiny_settings):
    first, second = (new_state(tiny_settings).network.state_dict() for _ in range(2))
    other = new_state(replace(tiny_settings, seed=7)).network.state_dict()
    name = 'closed_set.classifier.weight'
    assert torch.equal(first[name], second[name])
    assert not torch.equal(first[name], other[name])


def test_nothing_is_published_for_the_ladder(tmp_path, tiny_settings):
    network = replace(tiny_settings.network, weights=tmp_path / 'ladder.pth')
    with pytest.raises(ValueError, match=r"'ladder'; leave --network\.weights out.*--start-from"):
        build_network(replace(tiny_settings, network=network))


def test_weights_that_are_not_there_are_refused(tmp_path, tiny_settings):
    network = NetworkSettings(
        kind='espnetv2', width_factor=0.5, weights=tmp_path / 'espnetv2_s_0.5.pth'
    )
    with pytest.raises(FileNotFoundError, match=r'espnetv2_s_0\.5\.pth'):
        build_network(replace(tiny_settings, network=network))
