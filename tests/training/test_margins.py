import pytest

torch = pytest.importorskip('torch')

from training.loss_settings import LossSettings
from training.margins import Margins, margins_from


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


def test_margins_need_pixels():
    with pytest.raises(ValueError, match='need inlier pixels'):
        margins_from(torch.empty(0), LossSettings())
