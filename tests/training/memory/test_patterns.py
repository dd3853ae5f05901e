import io

import pytest

torch = pytest.importorskip('torch')

from training.memory.network_hash import embedding_sha256
from training.memory.pattern_memory import PatternMemory
from training.memory.patterns import MemorySettings, MemoryStateError


def new_memory(kind='stored', **changes):
    settings = MemorySettings(kind=kind, patterns_per_class=2, outlier_patterns=3, **changes)
    return PatternMemory(settings, class_ids=[0, 1, 4], embedding_width=5)


def filled_memory(**changes):
    torch.manual_seed(0)
    memory = new_memory(**changes)
    memory.fill(
        torch.randn(3, 2, 5),
        torch.randn(3, 5),
        is_class_filled=torch.tensor([True, True, False]),
    )
    return memory


def saved_and_loaded(memory, into):
    file = io.BytesIO()
    torch.save(memory.state_dict(), file)
    file.seek(0)
    into.load_state_dict(torch.load(file, weights_only=True))
    return into


def test_patterns_have_length_one_whatever_the_rows_hold():
    memory = new_memory(kind='learned')
    with torch.no_grad():
        memory.inlier_rows.mul_(7.0)
    torch.testing.assert_close(memory.inlier_patterns.norm(dim=-1), torch.ones(3, 2))
    torch.testing.assert_close(memory.outlier_patterns.norm(dim=-1), torch.ones(3))


def test_saving_keeps_the_energy_class_ids_flags_beta_and_network():
    memory = filled_memory(beta=16.0)
    memory.set_beta(2.5)
    memory.bind_to('ab' * 32)
    loaded = saved_and_loaded(memory, new_memory())
    embedding = torch.nn.functional.normalize(torch.randn(1, 5, 2, 2), dim=1)
    assert torch.equal(loaded.energy(embedding), memory.energy(embedding))
    assert loaded.class_ids.tolist() == [0, 1, 4]
    assert loaded.is_class_filled.tolist() == [True, True, False]
    assert loaded.beta.item() == pytest.approx(2.5)
    assert loaded.network_sha256 == 'ab' * 32


def test_stored_patterns_become_the_start_of_learned_ones():
    loaded = saved_and_loaded(filled_memory(), new_memory(kind='learned'))
    assert loaded.inlier_rows.requires_grad
    assert torch.equal(loaded.inlier_patterns, filled_memory().inlier_patterns)


def test_an_empty_memory_refuses_to_run():
    with pytest.raises(MemoryStateError, match=r'empty: 0 of 3 classes.*calibrate fills it'):
        new_memory().energy(torch.ones(1, 5, 1, 1))


def test_a_memory_loaded_empty_refuses_to_run():
    loaded = saved_and_loaded(new_memory(), filled_memory())
    with pytest.raises(MemoryStateError, match='memory is empty'):
        loaded.energies(torch.ones(1, 5, 1, 1))


def test_patterns_of_another_network_are_refused():
    memory = filled_memory()
    assert memory.network_sha256 is None
    with pytest.raises(
        MemoryStateError, match=r'belongs to network None, this is abababababab; .*load'
    ):
        memory.require_network('ab' * 32)
    memory.bind_to('cd' * 32)
    with pytest.raises(MemoryStateError, match='belongs to network cdcdcdcdcdcd, this is abab'):
        memory.require_network('ab' * 32)
    memory.require_network('cd' * 32)


@pytest.mark.parametrize(
    ('settings', 'message'),
    [
        ({'kind': 'recalled'}, "'learned' or 'stored', got 'recalled'"),
        ({'patterns_per_class': 0}, 'got 0 and 64'),
        ({'beta': 0.0}, 'beta must be above 0 and at most 70, got 0.0'),
        ({'beta': 71.0}, 'beta must be above 0 and at most 70, got 71.0'),
    ],
)
def test_impossible_settings_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        MemorySettings(**settings)


def test_patterns_of_another_shape_or_without_direction_are_refused():
    memory = new_memory()
    with pytest.raises(ValueError, match=r'\(3, 2, 5\) and \(3, 5\), got \(3, 1, 5\)'):
        memory.fill(torch.ones(3, 1, 5), torch.ones(3, 5))
    with pytest.raises(ValueError, match='length 0'):
        memory.fill(torch.zeros(3, 2, 5), torch.ones(3, 5))
    with pytest.raises(ValueError, match='beta must be above 0'):
        memory.set_beta(-1.0)


class TwoParts(torch.nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.embedding = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 1), torch.nn.BatchNorm2d(4))
        self.posterior = torch.nn.Conv2d(3, 1, 1)


def test_the_hash_follows_weights_and_statistics_of_the_parts_that_make_the_embedding():
    network = TwoParts()
    first = embedding_sha256(network, ('embedding',))
    with torch.no_grad():
        network.posterior.weight.add_(1)
    assert embedding_sha256(network, ('embedding',)) == first
    network.embedding(torch.randn(2, 3, 4, 4))  # running statistics move
    second = embedding_sha256(network, ('embedding',))
    with torch.no_grad():
        network.embedding[0].weight[0, 0] += 1e-6
    assert len({first, second, embedding_sha256(network, ('embedding',))}) == 3


def test_a_part_that_is_not_there_is_refused():
    with pytest.raises(ValueError, match="no state of a part 'neck'"):
        embedding_sha256(TwoParts(), ('embedding', 'neck'))
