import math
from dataclasses import fields, replace

import pytest

torch = pytest.importorskip('torch')
import torch.nn.functional as F

from hopfield_pebal_ros.contract.labels import IGNORE_ID, OUTLIER_ID
from training.labelled_outputs import at_loss_stride, labels_at_stride
from training.loss_settings import LossSettings
from training.losses.abstention import Payoff
from training.losses.class_prototypes import no_prototypes, updated_prototypes
from training.margins import Margins
from training.memory.pattern_memory import MemoryEnergies
from training.models.anomaly_outputs import AnomalyOutputs
from training.objective import TERMS, Objective, anomaly_terms, closed_set_terms, total

NO_WEIGHTS = {each.name: 0.0 for each in fields(LossSettings) if each.name.endswith('_weight')} | {
    'outlier_abstention_weight': 0.1
}


def labelled(logits, *ids, **parts):
    """Logits (K + 1, P) of a row of P pixels with labels."""
    logits = torch.tensor(logits)[None, :, None]
    outputs = AnomalyOutputs(
        class_logits=logits[:, :-1],
        background_logit=None,
        adapted_logits=logits[:, :-1],
        abstention_logit=logits[:, -1],
        **parts,
    )
    labels = torch.tensor([[list(ids)]], dtype=torch.uint8)
    return at_loss_stride(outputs, labels, stride=1)


def objective(*, class_weights=None, margins=None, prototypes=None, **weights):
    return Objective(
        losses=LossSettings(**{**NO_WEIGHTS, **weights}),
        payoff=Payoff(),
        class_weights=class_weights,
        margins=margins,
        prototypes=prototypes,
    )


def test_cross_entropy_leaves_out_abstention_outliers_and_ignored_pixels():
    batch = labelled([[0.0, 9, 9], [0.0, 0, 0], [50.0, 50, 50]], 1, OUTLIER_ID, IGNORE_ID)
    [term] = closed_set_terms(batch, objective()).values()
    assert term.item() == pytest.approx(math.log(2))


def test_a_weighted_pixel_costs_its_weight():
    batch = labelled([[0.0, 0], [0.0, 0], [0.0, 0]], 1, 0)
    terms = closed_set_terms(batch, objective(class_weights=torch.tensor([0.5, 2.0])))
    assert terms['cross_entropy'].item() == pytest.approx(1.25 * math.log(2))


def test_hinges_are_weighed_by_the_distance_of_the_margins():
    # margins m and pixels at the same shares of their distance: the term stays as it is
    terms = []
    for scale in (1.0, 3.0):
        batch = labelled([[0.0, 0.5 * scale], [-99.0, -99.0], [0.0, 0.0]], 0, OUTLIER_ID)
        found = anomaly_terms(batch, objective(margin_weight=2.0, margins=Margins(-scale, scale)))
        terms.append(found['margin'].item())
    # inlier 1 m above its margin, outlier 1.5 m below: (1 + 2.25) / 2 of 4, times 2
    assert terms == pytest.approx([3.25 / 4, 3.25 / 4])


def test_posterior_and_memory_worked_by_hand():
    energies = torch.tensor([[[0.5, 0.25]]])  # inlier - outlier, times beta 4: 2 and 1 nats
    memory = MemoryEnergies(torch.zeros(1, 2, 1, 2), energies, energies * 0)
    batch = labelled(
        [[3.0, 0], [0.0, 0], [0.0, 0]],
        0,
        OUTLIER_ID,
        outlier_logit=torch.tensor([[[2.0, 1.0]]]),
        memory=memory,
        memory_beta=torch.tensor(4.0),
    )
    terms = anomaly_terms(
        batch, objective(posterior_weight=1.0, hopfield_weight=3.0, pattern_class_weight=1.0)
    )
    expected = 0.5 * (math.log(1 + math.exp(2)) + math.log(1 + math.exp(-1)))
    assert terms['posterior'].item() == pytest.approx(expected)
    assert terms['hopfield'].item() == pytest.approx(3 * expected)
    assert terms['pattern_class'].item() == pytest.approx(math.log(2))


def test_every_weight_has_a_term_and_every_term_a_gradient():
    generator = torch.Generator().manual_seed(0)
    leaves = {
        name: torch.randn(1, 4, 2, 3, generator=generator, requires_grad=True)
        for name in ('logits', 'residual', 'embedding', 'memory')
    }
    adapted = leaves['logits'] + leaves['residual']
    outputs = AnomalyOutputs(
        class_logits=leaves['logits'],
        background_logit=None,
        adapted_logits=adapted,
        abstention_logit=adapted.sum(dim=1),
        embedding=F.normalize(leaves['embedding'], dim=1),
        memory=MemoryEnergies(
            leaves['memory'], leaves['memory'][:, 0], leaves['memory'][:, 1:].sum(dim=1)
        ),
        memory_beta=torch.tensor(2.0),
        outlier_logit=leaves['embedding'].sum(dim=1),
    )
    labels = torch.tensor([[[0, 1, OUTLIER_ID], [3, IGNORE_ID, OUTLIER_ID]]], dtype=torch.uint8)
    batch = at_loss_stride(outputs, labels, stride=1)
    prototypes = updated_prototypes(no_prototypes(4, 4), batch.embedding.flip(1), batch.labels)
    weights = {f'{name}_weight': 1.0 for name in TERMS}
    by = objective(margins=Margins(-6.0, 6.0), prototypes=prototypes, **weights)
    terms = anomaly_terms(batch, by)
    assert set(terms) == set(TERMS)
    for name, term in terms.items():
        found = torch.autograd.grad(
            term, list(leaves.values()), retain_graph=True, allow_unused=True
        )
        assert any(each is not None and each.abs().sum() > 0 for each in found), name
    named = {each.name for each in fields(LossSettings) if each.name.endswith('_weight')}
    assert named == set(weights) | {'outlier_abstention_weight'}

    twice = anomaly_terms(batch, replace(by, losses=replace(by.losses, sparsity_weight=2.0)))
    assert twice['sparsity'].item() == pytest.approx(2 * terms['sparsity'].item())
    assert total(terms).item() == pytest.approx(sum(each.item() for each in terms.values()))


def test_a_loss_without_its_head_is_refused():
    batch = labelled([[0.0], [0.0], [0.0]], 0)
    for weight, message in (
        ('posterior_weight', '--branch.posterior-taps'),
        ('hopfield_weight', '--branch.embedding-taps'),
    ):
        with pytest.raises(ValueError, match=message):
            anomaly_terms(batch, objective(**{weight: 1.0}))


def test_cells_are_outliers_where_half_of_them_is():
    labels = torch.full((1, 4, 6), 7, dtype=torch.uint8)
    labels[0, :2, 2] = OUTLIER_ID  # half of the second cell
    labels[0, 0, 5] = OUTLIER_ID  # a quarter of the third
    labels[0, 2, 0] = IGNORE_ID  # the first pixel of its cell
    labels[0, 3, 3] = IGNORE_ID  # not the first
    found = labels_at_stride(labels, stride=2)
    assert found.tolist() == [[[7, OUTLIER_ID, IGNORE_ID], [IGNORE_ID, 7, 7]]]


def test_the_share_that_makes_a_cell_an_outlier_can_be_set():
    labels = torch.zeros((1, 4, 8), dtype=torch.uint8)
    labels[0, 0, :] = OUTLIER_ID  # a quarter of both cells
    labels[0, 1, 4] = OUTLIER_ID  # 5 of 16 pixels of the second
    found = labels_at_stride(labels, stride=4, outlier_share=0.3)
    assert found.tolist() == [[[IGNORE_ID, OUTLIER_ID]]]


def test_small_objects_and_hard_inliers_count_more_where_the_settings_say():
    # an object of 1 pixel at log-odds 0 beside one of 4 at 3, and inliers
    logit = torch.tensor([[[0.0, -3, 3, 3, 3, 3, -3]]])
    labels = torch.tensor([[[OUTLIER_ID, 0, *[OUTLIER_ID] * 4, 0]]], dtype=torch.uint8)
    outputs = AnomalyOutputs(
        class_logits=torch.zeros(1, 2, 1, 7),
        background_logit=None,
        adapted_logits=torch.zeros(1, 2, 1, 7),
        abstention_logit=torch.zeros(1, 1, 7),
        outlier_logit=logit,
    )
    batch = at_loss_stride(outputs, labels, stride=1, object_size_exponent=0.5)
    by = objective(posterior_weight=2.0, hard_inlier_share=0.5)
    low, middle = math.log(1 + math.exp(-3)), math.log(2)
    # weights 1 of the single pixel, 1/2 each of the four
    expected = low + (middle + 4 * 0.5 * low) / 3
    assert anomaly_terms(batch, by)['posterior'].item() == pytest.approx(expected)


@pytest.mark.parametrize(
    ('settings', 'message'),
    [
        ({'hard_inlier_share': 1.5}, r'hard_inlier_share must lie in 0\.\.1'),
        ({'outlier_cell_share': 0.0}, r'above 0, got 0\.0 and 0\.0'),
        ({'object_size_exponent': -1.0}, 'must not be negative, got -1.0'),
        (
            {'object_size_exponent': 0.5, 'has_published_reductions': True},
            'leave out hard_inlier_share and object_size_exponent',
        ),
    ],
)
def test_weights_of_pixels_are_checked(settings, message):
    with pytest.raises(ValueError, match=message):
        LossSettings(**settings)


def test_outputs_and_labels_meet_at_the_loss_stride():
    logits = torch.arange(16.0).reshape(1, 1, 4, 4).repeat(1, 3, 1, 1)
    outputs = AnomalyOutputs(
        class_logits=logits,
        background_logit=None,
        adapted_logits=logits[..., ::2, ::2],
        abstention_logit=logits[:, 0],
    )
    batch = at_loss_stride(outputs, torch.zeros(1, 16, 16, dtype=torch.uint8), stride=8)
    assert batch.labels.shape == (1, 2, 2)
    assert batch.outputs.class_logits[0, 0].tolist() == [[2.5, 4.5], [10.5, 12.5]]  # cell means
    assert batch.outputs.adapted_logits[0, 0].tolist() == [[0.0, 2.0], [8.0, 10.0]]
