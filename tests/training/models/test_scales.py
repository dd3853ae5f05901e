from dataclasses import replace

import pytest

torch = pytest.importorskip('torch')
import torch.nn.functional as F

from tests.training.models.test_deployed import RedIsClassOne
from training.models.anomaly_network import AnomalyNetwork
from training.models.anomaly_outputs import at_size, energy_of
from training.models.deployed import DeployedModel, normalised
from training.models.fusion import Fusion, single
from training.models.scales import Scales

FUSED = Fusion(
    components=('pebal_energy', 'abstention_energy'),
    means=(-1.0, 90.0),
    standard_deviations=(2.0, 5.0),
    weights=(0.25, 0.75),
)


def model(fusion, *further, fine=None, fine_weights=()):
    scales = Scales(further=further, fine=fine, fine_weights=fine_weights)
    return DeployedModel(
        AnomalyNetwork(RedIsClassOne()), fusion, output_hw=(32, 64), scales=scales
    )


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
    seen = []
    rated = model(FUSED, 0.75, 0.2, fine=1.5)
    rated.network.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0].shape[2:]))
    rated(torch.zeros(1, 96, 160, 3, dtype=torch.uint8))
    assert sorted(map(tuple, seen)) == [(32, 32), (64, 128), (96, 160), (128, 256)]


def test_the_fine_scale_counts_where_it_is_the_greater():
    fusion = replace(FUSED, means=(-1.0, 99.0))  # of a dark pixel the sum is greater
    image = torch.zeros(2, 128, 256, 3, dtype=torch.uint8)
    image[:, :, 100:, 0] = 255
    mean = model(fusion, 0.5)(image)[1]
    energy = model(fusion, 0.5, fine=1.5, fine_weights=(0.0, 2.0))(image)[1]
    picture = F.interpolate(normalised(image.permute(0, 3, 1, 2)), (192, 384), mode='bilinear')
    outputs = model(fusion).network(picture).resized((48, 96))
    of_fine = (energy_of(outputs, 'abstention_energy') - 99.0) / 5.0
    of_fine = at_size(of_fine[:, None], (32, 64))[:, 0]
    assert (of_fine > mean + 0.01).any()
    assert (of_fine < mean - 0.01).any()
    assert torch.allclose(energy, torch.maximum(mean, of_fine), atol=1e-5)


def test_an_energy_of_weight_zero_is_not_computed():
    of_one = FUSED.reweighted((0.0, 3.0))
    assert of_one.weights == (0.0, 1.0)
    without = replace(of_one, components=('no such energy', 'abstention_energy'))
    outputs = model(FUSED).network(torch.zeros(1, 3, 32, 32))
    size_hw = (8, 8)
    assert torch.equal(
        without.energy(outputs, size_hw=size_hw), of_one.energy(outputs, size_hw=size_hw)
    )


@pytest.mark.parametrize(
    ('wrong', 'message'),
    [
        ({'fine_scale': 1.0}, 'fine_scale must lie above 1'),
        ({'fine_weights': (1.0,)}, 'there is no fine scale; give --fine-scale'),
        ({'fine_scale': 1.5, 'fine_weights': (0.0,)}, 'not all of them 0'),
        ({'fine_scale': 1.5, 'fine_weights': (1.0, 1.0)}, 'one number for each of'),
        ({'fine_scale': 1.5, 'fine_weights': (1.0,)}, 'given and not fitted'),
    ],
)
def test_settings_refuse_a_fine_scale_without_meaning(tiny_settings, wrong, message):
    with pytest.raises(ValueError, match=message):
        replace(tiny_settings, **wrong)


@pytest.mark.parametrize('scales', [(1.0,), (0.05,), (0.5, 5.0)])
def test_settings_refuse_scales_without_meaning(tiny_settings, scales):
    with pytest.raises(ValueError, match='further_scales must lie in'):
        replace(tiny_settings, further_scales=scales)
