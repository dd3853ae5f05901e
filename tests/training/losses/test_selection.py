import math

import pytest

torch = pytest.importorskip('torch')

from hopfield_pebal_ros.contract.labels import IGNORE_ID, OUTLIER_ID
from training.losses.selection import (
    inlier_and_outlier,
    mean_of,
    norm_of,
    sum_of,
)

VALUES = torch.tensor([3.0, 100.0, 4.0])
SELECTED = torch.tensor([True, False, True])


def test_ignored_pixels_are_neither_inlier_nor_outlier():
    labels = torch.tensor([[[0, OUTLIER_ID, IGNORE_ID, 253]]])
    inlier, outlier = inlier_and_outlier(labels)
    assert inlier.tolist() == [[[True, False, False, True]]]
    assert outlier.tolist() == [[[False, True, False, False]]]


def test_sum_mean_and_norm_by_hand():
    assert sum_of(VALUES, SELECTED).item() == 7
    assert mean_of(VALUES, SELECTED).item() == 3.5
    assert norm_of(VALUES, SELECTED).item() == pytest.approx(5)


def test_gradient_of_the_norm_is_the_unit_vector():
    values = VALUES.clone().requires_grad_()
    norm_of(values, SELECTED).backward()
    torch.testing.assert_close(values.grad, torch.tensor([0.6, 0, 0.8]))


@pytest.mark.parametrize('function', [sum_of, mean_of, norm_of])
def test_what_is_not_selected_may_be_anything(function):
    values = torch.tensor([3.0, math.nan, math.inf])
    assert function(values, torch.tensor([True, False, False])).item() == 3


@pytest.mark.parametrize('size', [0.0, 1e-25])
def test_the_norm_of_nothing_much_has_a_harmless_gradient(size):
    values = torch.full((3,), size, requires_grad=True)
    norm_of(values, SELECTED).backward()
    assert values.grad.abs().max().item() <= 1


@pytest.mark.parametrize('function', [sum_of, mean_of, norm_of])
def test_nothing_selected_is_zero_with_a_gradient(function):
    values = VALUES.clone().requires_grad_()
    result = function(values, torch.zeros(3, dtype=torch.bool))
    result.backward()
    assert result.item() == 0
    assert values.grad.tolist() == [0, 0, 0]
