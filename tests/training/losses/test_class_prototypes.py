import math

import pytest

torch = pytest.importorskip('torch')

from hopfield_pebal_ros.contract.labels import IGNORE_ID, OUTLIER_ID
from training.losses.class_prototypes import (
    ClassPrototypes,
    no_prototypes,
    updated_prototypes,
)


def embedding_of(*pixels):
    """One image of one row; each argument holds the D features of a pixel."""
    return torch.tensor(pixels, dtype=torch.float32).T[None, :, None, :]


def labels(*ids):
    return torch.tensor([[ids]])


def test_the_first_batch_sets_the_direction_outright():
    # unit vectors (1, 0) and (0, 1); their lengths 3 and 8 do not matter
    new = updated_prototypes(no_prototypes(2, 2), embedding_of((3, 0), (0, 8)), labels(1, 1))
    torch.testing.assert_close(new.directions, torch.tensor([[0, 0], [1, 1]]) / math.sqrt(2))
    assert new.counts.tolist() == [0, 2]
    assert new.is_seen.tolist() == [False, True]


def test_later_batches_turn_it_by_the_momentum():
    old = ClassPrototypes(torch.tensor([[1.0, 0.0]]), torch.tensor([7]))
    new = updated_prototypes(old, embedding_of((0, 2)), labels(0), momentum=0.6)
    # 0.6 (1, 0) + 0.4 (0, 1), of length sqrt(0.52)
    torch.testing.assert_close(new.directions, torch.tensor([[0.6, 0.4]]) / math.sqrt(0.52))
    assert new.counts.tolist() == [8]
    assert old.directions.tolist() == [[1.0, 0.0]]


def test_outliers_ignored_pixels_and_absent_classes_change_nothing():
    old = ClassPrototypes(torch.tensor([[1.0, 0.0], [0.0, 1.0]]), torch.tensor([7, 3]))
    new = updated_prototypes(old, embedding_of((0, 2), (5, 1)), labels(OUTLIER_ID, IGNORE_ID))
    assert new.directions.tolist() == old.directions.tolist()
    assert new.counts.tolist() == [7, 3]


def test_a_class_without_pixels_does_not_drift():
    directions = torch.nn.functional.normalize(
        torch.randn(50, 7, generator=torch.Generator().manual_seed(0)), dim=1
    )
    old = ClassPrototypes(directions, torch.full((50,), 3))
    new = updated_prototypes(old, embedding_of(range(7)), labels(0))
    assert torch.equal(new.directions[1:], directions[1:])
    assert not torch.equal(new.directions[0], directions[0])


@pytest.mark.parametrize('momentum', [0.0, 0.9])
def test_pixels_that_cancel_leave_a_class_as_it_was(momentum):
    opposite = embedding_of((1, 0), (-1, 0))
    unseen = updated_prototypes(no_prototypes(1, 2), opposite, labels(0, 0), momentum=momentum)
    assert unseen.is_seen.tolist() == [False]
    old = ClassPrototypes(torch.tensor([[0.0, 1.0]]), torch.tensor([7]))
    kept = updated_prototypes(old, opposite, labels(0, 0), momentum=momentum)
    assert kept.directions.tolist() == [[0.0, 1.0]]


def test_directions_have_length_one_and_no_gradient_in_half_precision():
    embedding = torch.randn(1, 8, 5, 6, generator=torch.Generator().manual_seed(0))
    half = (1000 * embedding).half().requires_grad_()
    new = updated_prototypes(no_prototypes(3, 8), half, torch.arange(30).reshape(1, 5, 6) % 3)
    torch.testing.assert_close(new.directions.norm(dim=1), torch.ones(3))
    assert new.directions.dtype == torch.float32
    assert not new.directions.requires_grad


def test_the_order_of_pixels_does_not_matter():
    embedding = torch.randn(1, 8, 5, 6, generator=torch.Generator().manual_seed(0))
    ids = torch.arange(30).reshape(1, 5, 6) % 3
    new = updated_prototypes(no_prototypes(3, 8), embedding, ids)
    turned = updated_prototypes(no_prototypes(3, 8), embedding.flip(2, 3), ids.flip(1, 2))
    torch.testing.assert_close(turned.directions, new.directions)


@pytest.mark.parametrize('momentum', [-0.1, 1.0])
def test_impossible_momentum_is_refused(momentum):
    with pytest.raises(ValueError, match=r'momentum must be in \[0, 1\)'):
        updated_prototypes(no_prototypes(1, 2), embedding_of((1, 0)), labels(0), momentum=momentum)
