"""The module that is exported: camera pixels in, label map and energy map out."""

from typing import Final, Literal, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from training.models.anomaly_network import AnomalyNetwork
from training.models.anomaly_outputs import AnomalyOutputs, at_size, energy_of
from training.models.fusion import Fusion
from training.models.scales import OWN_SCALE, Scales
from training.models.tap_head import HEAD_STRIDE

IMAGE_MEAN_RGB: Final = (0.485, 0.456, 0.406)
IMAGE_STD_RGB: Final = (0.229, 0.224, 0.225)
"""Of pixels in 0..1; the ImageNet constants that every reference method uses."""

SIZE_MULTIPLE: Final = 32
"""Of height and width that every network takes [px]."""

Order = Literal['exact', 'fast']
"""exact: logits are enlarged, then their arg-max and their energy are taken, the order of PEBAL.
fast: arg-max is taken of the logits as they are, energies at `FAST_STRIDE`, of the means of what
is finer; both are then enlarged, labels by nearest neighbour."""

FAST_STRIDE: Final = 8
"""Of the branch and all energies in the fast order [px]; 4 times fewer than at that of a head."""


def normalised(image: Tensor) -> Tensor:
    """Return the network's float input for an image (B, 3, H, W) uint8 RGB."""
    mean = torch.tensor(IMAGE_MEAN_RGB, device=image.device).view(1, 3, 1, 1)
    std = torch.tensor(IMAGE_STD_RGB, device=image.device).view(1, 3, 1, 1)
    return (image.float() / 255 - mean) / std


class DeployedModel(nn.Module):
    """Normalisation, network, arg-max, energies, their fusion and upsampling as one graph.

    Several energies are fused at the stride of the heads, or of the fast order, and the result is
    upsampled. Where the picture is rated at other scales too, `Scales` says how their energies
    become one; labels are those of the picture as it is.
    """

    def __init__(
        self,
        network: AnomalyNetwork,
        fusion: Fusion,
        *,
        output_hw: tuple[int, int],
        order: Order = 'exact',
        scales: Scales = OWN_SCALE,
    ) -> None:
        super().__init__()
        self.network = network
        self.fusion = fusion
        self.output_hw = output_hw
        self.order: Order = order
        self.scales = scales
        self._fine_fusion = fusion.reweighted(scales.fine_weights)

    @property
    def num_classes(self) -> int:
        return self.network.num_classes

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Segment images and rate their pixels.

        Args:
            image: (N, H, W, 3) uint8 RGB.

        Returns:
            Label map (N, h, w) uint8 and energy map (N, h, w) float32 in the unit of the fusion,
            both of `output_hw`; higher energy is more anomalous.
        """
        picture = normalised(image.permute(0, 3, 1, 2))
        outputs = self._maps(picture)
        energies = [self._energy_at(picture, scale, self.fusion) for scale in self.scales.further]
        if self.fusion.is_single and self.order == 'exact':
            outputs = outputs.resized(self.output_hw)
        energy = self._energy(outputs, picture, self.fusion)
        if energies:
            energy = torch.stack([energy, *energies]).mean(dim=0)
        if self.scales.fine is not None:
            fine = self._energy_at(picture, self.scales.fine, self._fine_fusion)
            energy = torch.maximum(energy, fine)
        return self._labels(outputs), energy

    def outputs(self, image: Tensor) -> AnomalyOutputs:
        """Return the network's maps for images (N, H, W, 3) uint8 RGB."""
        outputs: AnomalyOutputs = self.network(normalised(image.permute(0, 3, 1, 2)))
        return outputs

    def class_logits(self, outputs: AnomalyOutputs) -> Tensor:
        """Return the class logits (N, K, h, w) float32 at the size of the output."""
        return at_size(outputs.class_logits.float(), self.output_hw)

    def _labels(self, outputs: AnomalyOutputs) -> Tensor:
        logits = outputs.class_logits.float()
        if self.order == 'exact' or logits.shape[2] >= self.output_hw[0]:
            return arg_max(at_size(logits, self.output_hw)).to(torch.uint8)
        labels = arg_max(logits)[:, None].float()
        return F.interpolate(labels, self.output_hw, mode='nearest')[:, 0].to(torch.uint8)

    def _energy_at(self, picture: Tensor, scale: float, fusion: Fusion) -> Tensor:
        """Return the energy of a normalised picture (N, 3, H, W) resized by about `scale`."""
        size_hw = [
            max(1, round(scale * side / SIZE_MULTIPLE)) * SIZE_MULTIPLE
            for side in picture.shape[2:]
        ]
        resized = F.interpolate(picture, size_hw, mode='bilinear')
        return self._energy(self._maps(resized), resized, fusion)

    def _maps(self, picture: Tensor) -> AnomalyOutputs:
        outputs: AnomalyOutputs = self.network(picture, head_stride=self._head_stride)
        return outputs

    @property
    def _head_stride(self) -> int:
        return FAST_STRIDE if self.order == 'fast' else HEAD_STRIDE

    def _energy(self, outputs: AnomalyOutputs, picture: Tensor, fusion: Fusion) -> Tensor:
        height, width = picture.shape[2:]
        size_hw = height // self._head_stride, width // self._head_stride
        if self.order == 'fast':
            outputs = outputs.resized(size_hw)
        if fusion.is_single:
            energy = energy_of(outputs, fusion.components[0]).float()
        else:
            energy = fusion.energy(outputs, size_hw=size_hw)
        return enlarged(energy, self.output_hw)


def arg_max(logits: Tensor) -> Tensor:
    """Return the arg-max over K as (N, h, w) int64, of equal logits the first.

    Of rows of pixels, which OpenVINO can only keep channel after channel: its arg-max is several
    times as fast there as where the channels of a pixel lie together.
    """
    of_rows = logits.flatten(2).argmax(dim=1)
    return cast('Tensor', of_rows.unflatten(1, logits.shape[2:]))


def enlarged(energy: Tensor, size_hw: tuple[int, int]) -> Tensor:
    """Bring energies (N, h, w) to another size as `at_size` does.

    Whole factors are written as multiplications and additions: OpenVINO in bf16 rounds all that
    lies before an interpolation, and so the energies.
    """
    factors = [size / own for size, own in zip(size_hw, energy.shape[1:], strict=True)]
    if min(factors) < 1 or any(factor % 1 for factor in factors):
        return at_size(energy[:, None], size_hw)[:, 0]
    return _enlarged_along(_enlarged_along(energy, 1, int(factors[0])), 2, int(factors[1]))


def _enlarged_along(x: Tensor, axis: int, factor: int) -> Tensor:
    """Enlarge one axis of (N, h, w), bilinear between the centres of pixels."""
    if factor == 1:
        return x
    length = x.shape[axis]
    before = torch.cat([x.narrow(axis, 0, 1), x.narrow(axis, 0, length - 1)], axis)
    after = torch.cat([x.narrow(axis, 1, length - 1), x.narrow(axis, length - 1, 1)], axis)
    place = (torch.arange(factor, device=x.device) + 0.5) / factor - 0.5
    place = place.view([factor if each == axis + 1 else 1 for each in range(4)])
    blend = x.unsqueeze(axis + 1) * (1 - place.abs())
    blend = blend + before.unsqueeze(axis + 1) * (-place).clamp(min=0)
    blend = blend + after.unsqueeze(axis + 1) * place.clamp(min=0)
    return blend.flatten(axis, axis + 1)
