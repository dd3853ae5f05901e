import math

import numpy as np
import pytest

torch = pytest.importorskip('torch')

from hopfield_pebal_ros.contract.energy import (
    hopfield_boosting_energy,
    hopfield_energy,
)
from training.losses.border_energy import border_energy_loss, border_weights


def row(*values):
    return torch.tensor([[values]])


ALL = torch.ones(1, 1, 2, dtype=torch.bool)


def batch_as_memory():
    """Similarities of 16 inliers and 24 outliers with all 40, as the authors' training has it."""
    embedding = np.random.default_rng(21).normal(size=(40, 16)).astype(np.float32)
    unit = torch.nn.functional.normalize(torch.from_numpy(embedding), dim=1)
    return (unit @ unit.T).split([16, 24], dim=1)


def test_value_worked_by_hand():
    # beta 2: differences log 2 and 0; -log cosh(log 2) = -log(5/4), -log cosh(0) = 0
    loss = border_energy_loss(row(math.log(2), 1.0), row(0.0, 1.0), ALL, beta=2.0)
    assert loss.item() == pytest.approx(-0.5 * math.log(5 / 4))


def test_descending_moves_each_pixel_deeper_into_its_side():
    inlier_energy = row(0.3, -0.3).requires_grad_()
    border_energy_loss(inlier_energy, row(0.0, 0.0), ALL, beta=4.0).backward()
    # d/dx of -(2/4) log cosh(2 x) over 2 pixels: -tanh(2 x) / 2
    expected = row(-math.tanh(0.6) / 2, math.tanh(0.6) / 2)
    torch.testing.assert_close(inlier_energy.grad, expected)


def test_memories_are_interchangeable():
    first, second = row(0.3, -0.8), row(0.1, 0.7)
    loss = border_energy_loss(first, second, ALL, beta=4.0)
    assert border_energy_loss(second, first, ALL, beta=4.0).item() == loss.item()


def test_weights_are_a_squared_hyperbolic_secant_without_gradient():
    energy = row(0.5, 0.0).requires_grad_()
    weights = border_weights(energy, row(0.0, 0.0), beta=4.0)
    torch.testing.assert_close(weights, row(1 / math.cosh(1) ** 2, 1.0))
    assert not weights.requires_grad


def test_value_of_the_original():
    # ml-jku/hopfield-boosting at c5ae5b7, energy.py: minus the mean of BorderEnergy, beta 4
    inlier, outlier = batch_as_memory()
    loss = border_energy_loss(
        hopfield_energy(inlier, beta=4.0),
        hopfield_energy(outlier, beta=4.0),
        torch.ones(40, dtype=torch.bool),
        beta=4.0,
    )
    assert loss.item() == pytest.approx(-0.0765877, abs=1e-6)


def test_score_of_the_original():
    # ml-jku/hopfield-boosting at c5ae5b7, energy.py: OneSidedEnergy of an inlier and an outlier
    energy = hopfield_boosting_energy(*batch_as_memory(), beta=4.0)
    assert energy[3].item() == pytest.approx(-0.2584682, abs=1e-6)
    assert energy[30].item() == pytest.approx(0.3136907, abs=1e-6)
