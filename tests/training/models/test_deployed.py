import math

import pytest

torch = pytest.importorskip('torch')
from torch import nn

from training.models.deployed import DeployedModel, normalised


class RedIsClassOne(nn.Module):
    """Logits at stride 4 from the mean colour of each cell: class 1 is the red channel."""

    def forward(self, image):
        cells = nn.functional.avg_pool2d(image, 4)
        zero = torch.zeros_like(cells[:, :1])
        return torch.cat(
            [zero, cells[:, :1], zero + 100.0], dim=1
        )  # abstention 100 must not count


def model(output_hw=(8, 8)):
    return DeployedModel(RedIsClassOne(), num_classes=2, output_hw=output_hw)


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
