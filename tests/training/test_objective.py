import math

import pytest

torch = pytest.importorskip('torch')

from hopfield_pebal_ros.contract.labels import IGNORE_ID, OUTLIER_ID
from training.losses.abstention import Payoff
from training.objective import (
    Margins,
    anomaly_terms,
    at_loss_stride,
    class_weights_from,
    closed_set_terms,
    margins_from,
    total,
)
from training.settings import LossSettings


def row(*ids):
    return torch.tensor([[list(ids)]], dtype=torch.int64)


def test_cross_entropy_leaves_out_abstention_outliers_and_ignored_pixels():
    logits = torch.zeros(1, 3, 1, 3)
    logits[:, 2] = 50.0  # abstention
    logits[:, 0, :, 1:] = 9.0
    terms = closed_set_terms(logits, row(1, OUTLIER_ID, IGNORE_ID))
    assert terms['cross_entropy'].item() == pytest.approx(math.log(2))


def test_margins_are_quantiles_of_the_inlier_energies():
    energies = torch.arange(-100.0, 1.0)  # 101 values: the quantile q is -100 + 100 q
    margins = margins_from(
        energies[torch.randperm(101)],
        LossSettings(inlier_margin_quantile=0.5, outlier_margin_quantile=0.9),
    )
    assert margins == Margins(-50.0, -10.0)


def test_margins_need_energies_that_spread():
    with pytest.raises(ValueError, match='do not spread'):
        margins_from(torch.full((9,), -3.0), LossSettings())


def test_class_weights_worked_by_hand():
    # shares 0.64, 0.36 and 0: 1 / 0.8 and 1 / 0.6, divided by 0.64 / 0.8 + 0.36 / 0.6 = 1.4
    weights = class_weights_from(torch.tensor([64, 36, 0]), balance=0.5)
    assert weights.tolist() == pytest.approx([1.25 / 1.4, 1 / 0.6 / 1.4, 1.0])
    assert class_weights_from(torch.tensor([64, 36, 0]), balance=0.0).tolist() == [1, 1, 1]


def test_a_weighted_pixel_costs_its_weight():
    logits, labels = torch.zeros(1, 3, 1, 2), row(1, 0)
    weights = torch.tensor([0.5, 2.0])
    terms = closed_set_terms(logits, labels, weights)
    assert terms['cross_entropy'].item() == pytest.approx(1.25 * math.log(2))


def test_hinges_are_weighed_by_the_distance_of_the_margins():
    # margins m and pixels at the same shares of their distance: the term stays as it is
    terms = []
    for scale in (1.0, 3.0):
        logits = torch.tensor([[0.0, 0.5 * scale], [-99.0, -99.0], [0.0, 0.0]])[None, :, None]
        losses, margins = LossSettings(), Margins(-scale, scale)
        parts = anomaly_terms(
            logits, row(0, OUTLIER_ID), losses=losses, payoff=Payoff(), margins=margins
        )
        terms.append(parts['margins'].item())
    # inlier 1 m above its margin, outlier 1.5 m below: (1 + 2.25) / 2 of 4, times 2
    assert terms == pytest.approx([3.25 / 4, 3.25 / 4])


def test_margins_need_pixels():
    with pytest.raises(ValueError, match='need inlier pixels'):
        margins_from(torch.empty(0), LossSettings())


def test_labels_and_logits_meet_at_the_loss_stride():
    labels = torch.arange(64, dtype=torch.uint8).reshape(1, 8, 8)
    logits, chosen = at_loss_stride(torch.zeros(1, 4, 2, 2), labels, stride=2)
    assert logits.shape == (1, 4, 4, 4)
    assert chosen[0, 1].tolist() == [16, 18, 20, 22]


def test_terms_carry_their_weights_and_add_up():
    logits = torch.randn(1, 5, 2, 3, generator=torch.Generator().manual_seed(0))
    labels = torch.tensor([[[0, 1, OUTLIER_ID], [3, IGNORE_ID, OUTLIER_ID]]])
    parts = {'payoff': Payoff(), 'margins': Margins(-6.0, 6.0)}
    once = anomaly_terms(
        logits,
        labels,
        losses=LossSettings(margin_weight=0.1, smoothness_weight=0.2, sparsity_weight=0.3),
        **parts,
    )
    twice = anomaly_terms(
        logits,
        labels,
        losses=LossSettings(margin_weight=0.2, smoothness_weight=0.4, sparsity_weight=0.6),
        **parts,
    )
    for name in ('margins', 'smoothness', 'sparsity'):
        assert once[name].item() > 0
        assert twice[name].item() == pytest.approx(2 * once[name].item())
    assert total(once).item() == pytest.approx(sum(term.item() for term in once.values()))
