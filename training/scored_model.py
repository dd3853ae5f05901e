"""A network with one fitted score as the module that is exported."""

import torch
from torch import Tensor, nn

from training.models.anomaly_outputs import at_size
from training.read_network import PixelReadings, ReadNetwork
from training.scores.readings import Readings
from training.scores.score import AnyScore


class ScoredModel(nn.Module):
    """Normalisation, network, arg-max, the energy of a score and upsampling as one graph.

    A score of logits is taken of upsampled logits, the order of PEBAL. A score of features is
    taken at their stride, and the energy is upsampled, as training.compare does both. Energies of
    features have any scale: `standardise` brings them to inlier standard deviations.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(
        self, network: ReadNetwork, features: str, score: AnyScore, *, output_hw: tuple[int, int]
    ) -> None:
        """Join the parts.

        Raises:
            ValueError: the network has no such feature maps.
        """
        super().__init__()
        self.readings = PixelReadings(network, features)
        self.score = score.export()
        self.output_hw = output_hw
        self.register_buffer('mean', torch.zeros(()))
        self.register_buffer('deviation', torch.ones(()))

    def standardise(self, *, mean: float, deviation: float) -> None:
        """Publish (E - mean) / deviation from now on."""
        self.mean.fill_(mean)
        self.deviation.fill_(deviation)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Segment images and rate their pixels.

        Args:
            image: (N, H, W, 3) uint8 RGB.

        Returns:
            Label map (N, h, w) uint8 and energy map (N, h, w) float32 in the unit of the score,
            both of `output_hw`; higher energy is more anomalous.
        """
        fine, (coarse,) = self.readings(image.permute(0, 3, 1, 2))
        fine = at_output(fine, self.output_hw, stride=image.shape[1] // self.output_hw[0])
        energy = self.score.energy(coarse if self.score.reads_features else fine)
        energy = (energy.float() - self.mean) / self.deviation
        labels = fine.class_logits.argmax(dim=1).to(torch.uint8)
        return labels, at_size(energy[:, None], self.output_hw)[:, 0]


def at_output(fine: Readings, output_hw: tuple[int, int], *, stride: int) -> Readings:
    """Bring logits to the output size before any energy is taken of them.

    Args:
        fine: of `PixelReadings`; its features are the logits.
        output_hw: size of the result.
        stride: image pixels per pixel of the result.
    """
    logits = at_size(fine.class_logits, output_hw)
    abstention = fine.abstention_logit
    if abstention is not None:
        abstention = at_size(abstention[:, None], output_hw)[:, 0]
    return Readings(logits, logits, abstention_logit=abstention, stride=stride)
