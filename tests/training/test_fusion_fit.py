from dataclasses import replace

import pytest

torch = pytest.importorskip('torch')
from torch import nn

from training.fusion_fit import fitted_fusion
from training.models.anomaly_outputs import AnomalyOutputs
from training.models.fusion import single


class SeesPink(nn.Module):
    """Its outlier logit is how pink a cell is; its class logits say nothing of outliers."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(1))
        self.num_images = 0

    def forward(self, image):
        self.num_images += len(image)
        cells = nn.functional.avg_pool2d(image, 4)
        noise = torch.randn(cells[:, :1].shape, generator=torch.Generator().manual_seed(0))
        logits = torch.cat([noise, -noise], dim=1)
        pink = cells[:, 0] - cells[:, 1]
        return AnomalyOutputs(
            class_logits=logits,
            background_logit=None,
            adapted_logits=logits,
            abstention_logit=pink * 0,
            outlier_logit=pink,
        )


def settings_of(tiny_settings, *energies):
    return replace(tiny_settings, energies=energies, exposed_share=0.0)


def test_one_energy_is_taken_as_it_is_without_looking(tiny_settings, samples_for):
    settings, network = settings_of(tiny_settings, 'outlier_logit'), SeesPink()
    assert fitted_fusion(network, samples_for(settings), settings) == single('outlier_logit')
    assert network.num_images == 0


def test_an_energy_that_says_nothing_is_left_out(tiny_settings, samples_for):
    settings, network = settings_of(tiny_settings, 'free_energy', 'outlier_logit'), SeesPink()
    network.train()
    fusion = fitted_fusion(network, samples_for(settings), settings)
    by_name = dict(zip(fusion.components, fusion.weights, strict=True))
    assert by_name['outlier_logit'] > 0.9
    assert sum(fusion.weights) == pytest.approx(1)
    assert network.num_images == 6  # each of the frames
    assert not network.training
    assert fitted_fusion(network, samples_for(settings), settings) == fusion


def test_an_energy_that_the_network_lacks_is_refused(tiny_settings, samples_for):
    settings = settings_of(tiny_settings, 'outlier_logit', 'hopfield_boosting_energy')
    with pytest.raises(ValueError, match='hopfield_boosting_energy needs a part'):
        fitted_fusion(SeesPink(), samples_for(settings), settings)
