import pytest

torch = pytest.importorskip('torch')

from hopfield_pebal_ros.contract.energy import free_energy
from hopfield_pebal_ros.contract.labels import IGNORE_ID, OUTLIER_ID
from tests.training.losses.every_loss import (
    IN_CHUNKS,
    chunked_loss,
    every_loss,
    example_labels,
    example_maps,
)
from training.losses.chunked_terms import in_row_chunks
from training.losses.regularizers import smoothness
from training.losses.selection import inlier_and_outlier, mean_of
from training.losses.world import ALONE


def value_and_gradient(value, maps):
    (gradient,) = torch.autograd.grad(value, maps)
    return value.detach(), gradient


@pytest.mark.parametrize('without', [None, OUTLIER_ID, 'inliers'])
@pytest.mark.parametrize('rows', [1, 2, 5])
@pytest.mark.parametrize('name', IN_CHUNKS)
def test_every_loss_and_its_gradient_are_those_of_the_whole(name, rows, without):
    labels = example_labels()
    if without is not None:
        kept = labels == OUTLIER_ID if without == 'inliers' else labels != OUTLIER_ID
        labels = labels.where(kept, IGNORE_ID)
    maps = example_maps().requires_grad_()
    whole, expected = value_and_gradient(every_loss(maps, labels)[name], maps)
    found, gradient = value_and_gradient(chunked_loss(name, maps, labels, rows=rows), maps)
    torch.testing.assert_close(found, whole, rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(gradient, expected, rtol=1e-6, atol=1e-6)


def two_terms(part, world):
    inlier, outlier = inlier_and_outlier(part['labels'])
    return {
        'in': mean_of(part['logits'][:, 0].square(), inlier, world=world),
        'out': 0.5 * mean_of(part['logits'][:, 1].exp(), outlier, world=world),
    }


def energy_of(part):
    return free_energy(part['logits'])


def example(rows=2, **changes):
    logits = example_maps().requires_grad_()
    maps = {'logits': logits, 'labels': example_labels(), **changes}
    return logits, in_row_chunks(two_terms, energy_of, maps, rows=rows)


def plain_loss(logits):
    terms = two_terms({'logits': logits, 'labels': example_labels()}, ALONE)
    valid, _ = inlier_and_outlier(example_labels())
    return sum(terms.values()) + 0.3 * smoothness(free_energy(logits), valid)


def test_terms_with_neighbours_take_the_whole_energy():
    logits, (terms, energy) = example()
    torch.testing.assert_close(energy, free_energy(logits))
    valid, _ = inlier_and_outlier(example_labels())
    loss = 7 * (sum(terms.values()) + 0.3 * smoothness(energy, valid))
    whole = example_maps().requires_grad_()
    expected = 7 * plain_loss(whole)
    torch.testing.assert_close(loss, expected)
    torch.testing.assert_close(
        value_and_gradient(loss, logits)[1], value_and_gradient(expected, whole)[1]
    )


def test_maps_of_half_precision_get_their_gradient_in_it():
    logits = example_maps().bfloat16().requires_grad_()
    maps = {'logits': logits, 'labels': example_labels()}
    terms, _ = in_row_chunks(two_terms, energy_of, maps, rows=2)
    _, gradient = value_and_gradient(sum(terms.values()), logits)
    assert gradient.dtype == torch.bfloat16


def test_without_gradient_the_values_are_the_same():
    _, (terms, _) = example()
    with torch.no_grad():
        _, (found, _) = example()
    assert found.keys() == terms.keys()
    for name, term in terms.items():
        assert found[name].item() == term.item()
        assert not found[name].requires_grad


def test_weights_outside_the_terms_are_refused():
    _, (terms, _) = example()
    with pytest.raises(RuntimeError, match=r"only the plain sum.*\[1.0, 2.0\] on \['in', 'out'\]"):
        (terms['in'] + 2 * terms['out']).backward()


def test_a_second_backward_pass_is_refused():
    _, (terms, _) = example()
    loss = sum(terms.values())
    loss.backward(retain_graph=True)
    with pytest.raises(RuntimeError, match='can be taken once'):
        loss.backward()


def test_chunks_hold_few_values_by_themselves(monkeypatch):
    seen = []

    def recording(part, world):
        seen.append(part['logits'].shape[2])
        return two_terms(part, world)

    monkeypatch.setattr('training.losses.chunked_terms.VALUES_AT_ONCE', 4 * 13 * 6 * 2)
    maps = {'logits': example_maps(), 'labels': example_labels()}
    in_row_chunks(recording, energy_of, maps)
    assert seen == [2, 2, 1] * 2
