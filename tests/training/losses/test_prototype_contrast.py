import math

import pytest

torch = pytest.importorskip('torch')

from hopfield_pebal_ros.contract.labels import OUTLIER_ID
from training.losses.class_prototypes import ClassPrototypes, no_prototypes
from training.losses.prototype_contrast import prototype_contrast_loss

AXES = ClassPrototypes(torch.eye(2), torch.tensor([4, 9]))


def embedding_of(*pixels):
    return torch.tensor(pixels, dtype=torch.float32).T[None, :, None, :]


def labels(*ids):
    return torch.tensor([[ids]])


def test_inlier_value_worked_by_hand():
    # cosines 1 and 0 at temperature 0.5: -log(e^2 / (e^2 + 1))
    loss = prototype_contrast_loss(embedding_of((3, 0)), labels(0), AXES, temperature=0.5)
    assert loss.item() == pytest.approx(math.log(1 + math.exp(-2)))


def test_outlier_value_worked_by_hand():
    # cosines 0.6 and 0.8: 0.3 log(1 + e^0.6 + e^0.8)
    loss = prototype_contrast_loss(
        embedding_of((3, 4)), labels(OUTLIER_ID), AXES, temperature=1.0, outlier_weight=0.3
    )
    assert loss.item() == pytest.approx(0.3 * math.log(1 + math.exp(0.6) + math.exp(0.8)))


def test_without_weight_outliers_take_no_part():
    embedding = embedding_of((3, 4)).requires_grad_()
    prototype_contrast_loss(embedding, labels(OUTLIER_ID), AXES).backward()
    assert embedding.grad.abs().max().item() == 0


def test_only_the_direction_of_an_embedding_matters():
    embedding = embedding_of((3, 1), (-1, 2))
    loss = prototype_contrast_loss(embedding, labels(0, 1), AXES)
    longer = prototype_contrast_loss(100 * embedding, labels(0, 1), AXES)
    assert longer.item() == pytest.approx(loss.item(), rel=1e-5)


def test_a_class_never_seen_is_neither_positive_nor_negative():
    one_seen = ClassPrototypes(torch.tensor([[1.0, 0.0], [0.0, 0.0]]), torch.tensor([4, 0]))
    embedding = embedding_of((0.6, 0.8), (0, 1)).requires_grad_()
    loss = prototype_contrast_loss(embedding, labels(0, 1), one_seen, outlier_weight=1.0)
    loss.backward()
    assert loss.item() == 0  # the only candidate is the right one
    assert embedding.grad.abs().max().item() == 0


def test_before_the_first_batch_nothing_is_pulled_or_pushed():
    embedding = embedding_of((0.6, 0.8), (0, 0)).requires_grad_()
    loss = prototype_contrast_loss(
        embedding, labels(0, OUTLIER_ID), no_prototypes(2, 2), outlier_weight=1.0
    )
    loss.backward()
    assert loss.item() == 0
    assert embedding.grad.abs().max().item() == 0


def test_renaming_the_classes_changes_nothing():
    generator = torch.Generator().manual_seed(0)
    directions = torch.nn.functional.normalize(torch.randn(3, 4, generator=generator), dim=1)
    embedding, order = torch.randn(1, 4, 2, 3, generator=generator), torch.tensor([2, 0, 1])
    ids = torch.tensor([[[0, 1, 2], [2, 0, 1]]])
    counts = torch.tensor([5, 6, 7])
    loss = prototype_contrast_loss(embedding, ids, ClassPrototypes(directions, counts))
    renamed = ClassPrototypes(directions[order], counts[order])
    same = prototype_contrast_loss(embedding, order.argsort()[ids], renamed)
    assert same.item() == pytest.approx(loss.item(), rel=1e-6)


@pytest.mark.parametrize('temperature', [0.0, -1.0, math.nan])
def test_impossible_temperature_is_refused(temperature):
    with pytest.raises(ValueError, match='temperature must be positive'):
        prototype_contrast_loss(embedding_of((1, 0)), labels(0), AXES, temperature=temperature)
