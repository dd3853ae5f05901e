from dataclasses import replace

import pytest

torch = pytest.importorskip('torch')
import torch.nn.functional as F

from tests.training.models.test_deployed import RedIsClassOne
from training.models.anomaly_network import AnomalyNetwork
from training.models.anomaly_outputs import at_size
from training.models.deployed import DeployedModel, normalised
from training.models.fusion import Fusion, single

FUSED = Fusion(
    components=('pebal_energy', 'abstention_energy'),
    means=(-1.0, 90.0),
    standard_deviations=(2.0, 5.0),
    weights=(0.25, 0.75),
)


def model(fusion, *scales):
    network = AnomalyNetwork(RedIsClassOne())
    return DeployedModel(network, fusion, output_hw=(32, 64), further_scales=scales)


@pytest.mark.parametrize('fusion', [FUSED, single('pebal_energy')])
def test_the_energy_is_the_mean_over_scales_and_labels_are_those_of_the_picture(fusion):
    torch.manual_seed(0)
    image = torch.randint(0, 256, (2, 128, 256, 3), dtype=torch.uint8)
    labels, energy = model(fusion)(image)
    labels_of_two, energy_of_two = model(fusion, 0.5)(image)
    half = F.interpolate(normalised(image.permute(0, 3, 1, 2)), (64, 128), mode='bilinear')
    network = model(fusion).network
    energy_of_half = at_size(fusion.energy(network(half), size_hw=(16, 32))[:, None], (32, 64))
    assert torch.equal(labels_of_two, labels)
    assert (energy_of_two - energy).abs().max() > 0.01
    assert torch.allclose(energy_of_two, (energy + energy_of_half[:, 0]) / 2, atol=1e-5)


def test_a_flat_picture_has_the_same_energy_at_any_scale():
    image = torch.full((1, 128, 256, 3), 90, dtype=torch.uint8)
    assert torch.allclose(model(FUSED, 0.75, 1.5)(image)[1], model(FUSED)(image)[1], atol=1e-4)


def test_sizes_are_those_that_networks_take():
    sizes = [
        each.shape[2:] for each in model(FUSED, 0.75, 0.2)._rescaled(torch.zeros(1, 3, 96, 160))
    ]
    assert [tuple(each) for each in sizes] == [(64, 128), (32, 32)]


@pytest.mark.parametrize('scales', [(1.0,), (0.05,), (0.5, 5.0)])
def test_settings_refuse_scales_without_meaning(tiny_settings, scales):
    with pytest.raises(ValueError, match='further_scales must lie in'):
        replace(tiny_settings, further_scales=scales)
