from dataclasses import replace

import pytest

torch = pytest.importorskip('torch')

from training.checkpoints import load_checkpoint, save_checkpoint
from training.loss_settings import LossSettings
from training.memory.patterns import MemorySettings, MemoryStateError
from training.memory_fill import fill_stored_patterns
from training.models.anomaly_network import BranchSettings
from training.models.anomaly_outputs import energy_of
from training.networks import trained_network
from training.run_state import new_state


@pytest.fixture
def stored_settings(tiny_settings):
    return replace(
        tiny_settings,
        branch=BranchSettings(embedding_taps=('s4', 's8'), width=8, embedding_width=8),
        memory=MemorySettings(kind='stored', patterns_per_class=2, outlier_patterns=4),
        losses=LossSettings(prototype_weight=1.0),
        energies=('hopfield_boosting_energy',),
    )


def knowing_state(settings):
    """A network that calls everything road, so that some pixels are classified correctly."""
    state = new_state(settings)
    with torch.no_grad():
        state.network.closed_set.classifier.bias[0] = 100.0
    return state


def test_a_filled_memory_is_saved_and_used(tmp_path, stored_settings, samples_for):
    state = knowing_state(stored_settings)
    fill_stored_patterns(state.network, samples_for(stored_settings))
    save_checkpoint(state.checkpoint(stored_settings), tmp_path / 'best.pt')
    checkpoint = load_checkpoint(tmp_path / 'best.pt')
    network = trained_network(checkpoint.settings, checkpoint.network)
    image = torch.randn(1, 3, 64, 64)
    energy = energy_of(network(image), 'hopfield_boosting_energy')
    with torch.no_grad():
        expected = energy_of(state.network.eval()(image), 'hopfield_boosting_energy')
    assert torch.allclose(energy, expected, atol=1e-5)
    assert energy.std() > 0
    road = network.memory.is_class_filled.nonzero().flatten().tolist()
    assert road == [0]


def test_an_empty_memory_is_refused(stored_settings):
    checkpoint = knowing_state(stored_settings).checkpoint(stored_settings)
    with pytest.raises(MemoryStateError, match='the pattern memory is empty'):
        trained_network(checkpoint.settings, checkpoint.network)


def test_patterns_of_another_network_are_refused(stored_settings, samples_for):
    state = knowing_state(stored_settings)
    fill_stored_patterns(state.network, samples_for(stored_settings))
    weights = dict(state.checkpoint(stored_settings).network)
    weights['closed_set.classifier.bias'] = weights['closed_set.classifier.bias'] + 1
    with pytest.raises(MemoryStateError, match='the pattern memory belongs to network'):
        trained_network(stored_settings, weights)


def test_a_network_without_memory_is_left_alone(tiny_settings, samples_for):
    state = new_state(tiny_settings)
    fill_stored_patterns(state.network, samples_for(tiny_settings))
    assert state.network.memory is None
