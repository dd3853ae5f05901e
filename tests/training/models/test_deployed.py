import math

import pytest

torch = pytest.importorskip('torch')
from torch import nn

from training.models.anomaly_network import AnomalyNetwork
from training.models.anomaly_outputs import at_size
from training.models.deployed import DeployedModel, enlarged, normalised
from training.models.fusion import Fusion, single
from training.models.tapped_network import TappedNetwork


class RedIsClassOne(TappedNetwork):
    """Logits at stride 4 from the mean colour of each cell: class 1 is the red channel."""

    num_classes = 2

    def __init__(self):
        super().__init__()
        self.tap_widths, self.tap_strides = {'logits': 3}, {'logits': 4}

    def taps(self, image):
        cells = nn.functional.avg_pool2d(image, 4)
        zero = torch.zeros_like(cells[:, :1])
        # abstention 100 must not count
        return {'logits': torch.cat([zero, cells[:, :1], zero + 100.0], dim=1)}


def model(output_hw=(8, 8), fusion=None, order='exact'):
    network, fusion = AnomalyNetwork(RedIsClassOne()), fusion or single('pebal_energy')
    return DeployedModel(network, fusion, output_hw=output_hw, order=order)


def test_normalisation_worked_by_hand():
    pixel = torch.tensor([[[[255]], [[0]], [[128]]]], dtype=torch.uint8)
    expected = [(1 - 0.485) / 0.229, -0.456 / 0.224, (128 / 255 - 0.406) / 0.225]
    assert normalised(pixel).flatten().tolist() == pytest.approx(expected, abs=1e-6)


def test_labels_and_energy_worked_by_hand():
    image = torch.zeros(2, 16, 16, 3, dtype=torch.uint8)
    image[1, ..., 0] = 255
    labels, energy = model()(image)
    assert labels.dtype == torch.uint8
    assert labels[0].unique().tolist() == [0]
    assert labels[1].unique().tolist() == [1]
    red = (1 - 0.485) / 0.229
    assert energy.dtype == torch.float32
    assert energy[1].unique().tolist() == pytest.approx([-math.log(1 + math.exp(red))], abs=1e-5)


def test_the_red_channel_comes_first():
    image = torch.zeros(1, 16, 16, 3, dtype=torch.uint8)
    image[..., 2] = 255
    assert model()(image)[0].unique().tolist() == [0]


def test_output_has_the_declared_size():
    labels, energy = model(output_hw=(4, 4))(torch.zeros(3, 16, 16, 3, dtype=torch.uint8))
    assert labels.shape == energy.shape == (3, 4, 4)


def test_two_energies_are_standardised_weighed_and_added():
    fusion = Fusion(
        components=('pebal_energy', 'abstention_energy'),
        means=(-1.0, 90.0),
        standard_deviations=(2.0, 5.0),
        weights=(0.25, 0.75),
    )
    image = torch.zeros(1, 16, 16, 3, dtype=torch.uint8)
    image[..., 0] = 255
    _, energy = model(fusion=fusion)(image)
    free = -math.log(1 + math.exp((1 - 0.485) / 0.229))
    expected = 0.25 * (free + 1) / 2 + 0.75 * (100 + free - 90) / 5
    assert energy.flatten().tolist() == pytest.approx([expected] * energy.numel(), abs=1e-4)
    assert fusion.description().unit == 'inlier standard deviation'
    assert fusion.description().components == ('pebal_energy', 'abstention_energy')


def test_a_single_energy_keeps_its_unit():
    assert single('pebal_energy').description().unit == 'nat'
    assert single('hopfield_boosting_energy').description().unit == 'feature'


def test_a_constant_component_is_refused():
    with pytest.raises(ValueError, match='a constant energy says nothing'):
        Fusion(components=('a',), means=(0.0,), standard_deviations=(0.0,), weights=(1.0,))


def test_the_fast_order_enlarges_labels_of_logits_and_energies_of_stride_8():
    image = torch.randint(0, 256, (2, 16, 16, 3), dtype=torch.uint8)
    at_stride_4 = model(output_hw=(4, 4))(image)[0]
    at_stride_8 = model(output_hw=(2, 2))(image)[1]
    labels, energy = model(output_hw=(8, 8), order='fast')(image)
    assert (labels == at_stride_4.repeat_interleave(2, 1).repeat_interleave(2, 2)).all()
    torch.testing.assert_close(energy, at_size(at_stride_8[:, None], (8, 8))[:, 0])
    assert not torch.allclose(energy, model(output_hw=(8, 8))(image)[1], atol=1e-3)


def test_both_orders_are_one_where_nothing_is_enlarged():
    image = torch.randint(0, 256, (1, 16, 16, 3), dtype=torch.uint8)
    for exact, fast in zip(
        model(output_hw=(2, 2))(image), model(output_hw=(2, 2), order='fast')(image), strict=True
    ):
        assert torch.equal(exact, fast)


@pytest.mark.parametrize('size_hw', [(16, 24), (32, 12), (8, 12), (4, 6), (12, 18)])
def test_energies_are_enlarged_as_maps_are(size_hw):
    energy = torch.randn(2, 8, 12)
    torch.testing.assert_close(
        enlarged(energy, size_hw), at_size(energy[:, None], size_hw)[:, 0], atol=1e-5, rtol=0
    )


def test_of_equal_logits_the_first_wins():
    image = torch.zeros(1, 16, 16, 3, dtype=torch.uint8)
    network = AnomalyNetwork(RedIsClassOne())
    network.closed_set.taps = lambda _: {'logits': torch.ones(1, 3, 4, 4)}
    for order in ('exact', 'fast'):
        deployed = DeployedModel(network, single('pebal_energy'), output_hw=(8, 8), order=order)
        assert deployed(image)[0].unique().tolist() == [0]
