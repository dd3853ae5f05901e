import math

import numpy as np
import pytest

from hopfield_pebal_ros.contract.energy import (
    free_energy,
    fused_energy,
    log_sum_exp,
    pebal_energy,
    standardised_energy,
)


def logits_of_one_pixel(*values: float) -> np.ndarray:
    return np.array(values, np.float32).reshape(1, -1, 1, 1)


def test_equal_logits_give_minus_log_k():
    # -log(4 exp(0)) = -log 4
    energy = free_energy(logits_of_one_pixel(0, 0, 0, 0))
    assert energy.shape == (1, 1, 1)
    assert energy.item() == pytest.approx(-math.log(4))


def test_free_energy_by_hand():
    # exp(log 2) + exp(log 3) + exp(log 5) = 10
    energy = free_energy(logits_of_one_pixel(math.log(2), math.log(3), math.log(5)))
    assert energy.item() == pytest.approx(-math.log(10))


def test_temperature_by_hand():
    # T = 2: -2 log(exp(log 4 / 2) + exp(log 9 / 2)) = -2 log(2 + 3)
    energy = free_energy(logits_of_one_pixel(math.log(4), math.log(9)), temperature=2.0)
    assert energy.item() == pytest.approx(-2 * math.log(5))


def test_an_unsure_pixel_is_more_anomalous_than_a_sure_one():
    sure, unsure = logits_of_one_pixel(10, 0, 0), logits_of_one_pixel(1, 0, 0)
    assert free_energy(unsure).item() > free_energy(sure).item()


@pytest.mark.parametrize('shift', [-100.0, 0.0, 100.0])
def test_shifting_all_logits_shifts_the_energy_by_the_same_amount(shift: float):
    logits = logits_of_one_pixel(2.0, -1.0, 0.5)
    moved = free_energy(logits + np.float32(shift))
    assert moved.item() == pytest.approx(free_energy(logits).item() - shift, abs=1e-4)


def test_the_order_of_the_classes_does_not_matter():
    logits = np.random.default_rng(0).normal(size=(2, 7, 3, 4))
    np.testing.assert_allclose(free_energy(logits[:, ::-1]), free_energy(logits), atol=1e-12)


@pytest.mark.parametrize('dtype', [np.float16, np.float32])
def test_large_logits_do_not_overflow(dtype: type):
    # exp(300) overflows in both; energy is -(300 + log 2)
    logits = np.full((1, 2, 1, 1), 300, dtype)
    assert free_energy(logits).item() == pytest.approx(-300 - math.log(2), rel=1e-3)
    assert free_energy(-logits).item() == pytest.approx(300 - math.log(2), rel=1e-3)


def test_log_sum_exp_removes_the_axis_it_is_told():
    values = np.zeros((2, 3, 4))
    for axis, length in enumerate(values.shape):
        result = log_sum_exp(values, axis=axis)
        assert result.shape == values.sum(axis).shape
        np.testing.assert_allclose(result, math.log(length))


def test_the_abstention_channel_takes_no_part():
    classes = logits_of_one_pixel(1, 2, 3)
    for abstention in (-50.0, 0.0, 50.0):
        logits = np.concatenate([classes, logits_of_one_pixel(abstention)], axis=1)
        assert pebal_energy(logits, num_classes=3) == free_energy(classes)


@pytest.mark.parametrize('num_classes', [2, 4])
def test_pebal_energy_needs_one_channel_more_than_classes(num_classes: int):
    with pytest.raises(ValueError, match=r'have 4 channels.*free_energy'):
        pebal_energy(np.zeros((1, 4, 1, 1)), num_classes=num_classes)


def test_standardised_energy_by_hand():
    # a distance of -2 and of 8 from the mean, counted in fours
    energies = standardised_energy(np.array([1.0, 11.0]), mean=3.0, standard_deviation=4.0)
    assert energies.tolist() == [-0.5, 2.0]


def test_fused_energy_by_hand():
    # 0.25 * 4 + 0.75 * 8 = 7
    assert fused_energy([np.array([4.0]), np.array([8.0])], [0.25, 0.75]).tolist() == [7.0]


def test_fusing_one_energy_changes_nothing():
    energy = np.array([1.5, -2.0])
    assert fused_energy([energy], [1.0]).tolist() == energy.tolist()


@pytest.mark.parametrize('weights', [[0.5, 0.6], [1.5, -0.5]])
def test_fusion_weights_are_shares(weights: list[float]):
    with pytest.raises(ValueError, match='>= 0 and sum to 1'):
        fused_energy([np.zeros(1), np.zeros(1)], weights)


@pytest.mark.parametrize(('num_energies', 'weights'), [(1, [0.5, 0.5]), (0, [])])
def test_every_energy_needs_a_weight(num_energies: int, weights: list[float]):
    with pytest.raises(ValueError, match='need as many weights'):
        fused_energy([np.zeros(1)] * num_energies, weights)


def test_torch_and_numpy_agree():
    torch = pytest.importorskip('torch')
    logits = np.random.default_rng(1).normal(scale=8, size=(2, 6, 5, 4)).astype(np.float32)
    tensor = torch.from_numpy(logits)
    for of_numpy, of_torch in (
        (free_energy(logits, temperature=1.5), free_energy(tensor, temperature=1.5)),
        (pebal_energy(logits, num_classes=5), pebal_energy(tensor, num_classes=5)),
        (
            standardised_energy(logits, mean=2.0, standard_deviation=3.0),
            standardised_energy(tensor, mean=2.0, standard_deviation=3.0),
        ),
        (
            fused_energy([logits, 2 * logits], [0.3, 0.7]),
            fused_energy([tensor, 2 * tensor], [0.3, 0.7]),
        ),
    ):
        assert isinstance(of_torch, torch.Tensor)
        np.testing.assert_allclose(of_numpy, of_torch.numpy(), atol=1e-5)


def test_torch_parameters_count_as_torch():
    torch = pytest.importorskip('torch')
    logits = torch.nn.Parameter(torch.zeros(1, 4, 1, 1))
    energy = free_energy(logits)
    energy.sum().backward()
    # dE/df_k = -softmax_k = -1/4
    np.testing.assert_allclose(logits.grad.numpy().ravel(), -0.25)
