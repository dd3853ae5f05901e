import pytest

torch = pytest.importorskip('torch')

import torch.nn.functional as F

from hopfield_pebal_ros.contract.labels import IGNORE_ID, OUTLIER_ID
from training.memory.pattern_memory import PatternMemory
from training.memory.patterns import MemorySettings
from training.memory.pixel_groups import group_rows
from training.memory.reservoir import Reservoir
from training.memory.stored_patterns import PatternGatherer

DIRECTIONS = {0: 0, 1: 1, 2: 2, OUTLIER_ID: 3, IGNORE_ID: 4}


def new_memory():
    settings = MemorySettings(kind='stored', patterns_per_class=2, outlier_patterns=3)
    return PatternMemory(settings, class_ids=[0, 1, 2], embedding_width=5)


def image(labels):
    """An embedding (1, 5, h, w) that points where its label says, with a little noise."""
    axes = torch.eye(5)[[DIRECTIONS[each] for each in labels.flatten().tolist()]]
    rows = F.normalize(axes + 0.02 * torch.randn(axes.shape), dim=1)
    return rows.T.reshape(1, 5, *labels.shape)


def example(*ids, size=(8, 9)):
    torch.manual_seed(0)
    labels = torch.tensor(ids)[torch.randint(len(ids), size)]
    return image(labels), labels[None], labels[None].clone()


@pytest.mark.parametrize('method', ['k-means', 'moving average'])
def test_gathered_patterns_point_where_their_pixels_do(method):
    memory = new_memory()
    gatherer = PatternGatherer(memory, method=method)
    for _ in range(3):
        gatherer.add(*example(0, 1, 2, OUTLIER_ID, IGNORE_ID))
    gatherer.fill('ab' * 32)
    for train_id in (0, 1, 2):
        assert memory.inlier_patterns[train_id, :, train_id].min() > 0.98
    assert memory.outlier_patterns[:, DIRECTIONS[OUTLIER_ID]].min() > 0.98
    assert memory.network_sha256 == 'ab' * 32
    embedding, labels, _ = example(0, 1, 2, OUTLIER_ID)
    energy = memory.energy(embedding)
    assert energy[labels == OUTLIER_ID].min() > energy[labels != OUTLIER_ID].max()


def test_wrong_predictions_and_absent_classes_are_not_stored():
    embedding, labels, predicted = example(0, 1, OUTLIER_ID)
    predicted[labels == 1] = 0
    memory = new_memory()
    gatherer = PatternGatherer(memory)
    gatherer.add(embedding, labels, predicted)
    gatherer.fill('ab' * 32)
    assert memory.is_class_filled.tolist() == [True, False, False]
    assert torch.isfinite(memory.energy(embedding)).all()


@pytest.mark.parametrize(
    ('ids', 'message'),
    [((0, 1), '2 of 3 classes and no outliers'), ((OUTLIER_ID,), '0 of 3 classes and some outli')],
)
def test_a_memory_without_inliers_or_outliers_is_refused(ids, message):
    gatherer = PatternGatherer(new_memory())
    gatherer.add(*example(*ids))
    with pytest.raises(ValueError, match=message):
        gatherer.fill('ab' * 32)


def test_an_unknown_method_is_refused():
    with pytest.raises(ValueError, match="no pattern method 'growing'; choose from k-means, mov"):
        PatternGatherer(new_memory(), method='growing')


def test_every_group_of_an_image_gives_the_same_largest_number():
    embedding, labels, predicted = example(0, 0, 0, 0, 1, OUTLIER_ID, size=(40, 40))
    found = group_rows(
        embedding,
        labels,
        predicted,
        class_ids=torch.tensor([0, 1, 2]),
        pixels_per_image=10,
        generator=torch.Generator().manual_seed(0),
    )
    assert [(group, tuple(rows.shape)) for group, rows in found] == [
        (0, (10, 5)),
        (1, (10, 5)),
        (3, (10, 5)),
    ]


def test_a_reservoir_holds_a_uniform_sample_of_bounded_size():
    generator = torch.Generator().manual_seed(0)
    kept = torch.zeros(100)
    for _ in range(300):
        reservoir = Reservoir(20, generator=generator)
        for rows in torch.arange(100.0)[:, None].split(7):
            reservoir.add(rows)
            assert len(reservoir.rows) <= 20
        kept += torch.bincount(reservoir.rows[:, 0].long(), minlength=100)
    # each row is kept in a fifth of 300 runs, 60 on average with standard deviation 7
    assert kept.sum() == 20 * 300
    assert kept.min() > 60 - 4 * 7
    assert kept.max() < 60 + 4 * 7


def test_a_reservoir_without_room_is_refused():
    with pytest.raises(ValueError, match='at least one row, got capacity 0'):
        Reservoir(0, generator=torch.Generator())
