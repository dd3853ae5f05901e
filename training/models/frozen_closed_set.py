"""A frozen segmentation network with a trained anomaly branch beside it.

Residual Pattern Learning's idea (Liu et al. 2023, "Residual Pattern Learning for Pixel-wise
Out-of-Distribution Detection in Semantic Segmentation"): what is trained is added to a frozen
network, so that closed-set results stay what they were, to the last bit. The branch reads feature
maps of several depths and has three heads of its own weights.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from training.models.tap_head import HEAD_STRIDE, TapHead, resized
from training.models.tapped_network import LOGITS_TAP, TappedNetwork


@dataclass(frozen=True, kw_only=True)
class BranchSettings:
    """Which feature maps each head reads, and how wide the heads are."""

    residual_taps: tuple[str, ...] = ('d1', 'd2', 'd3', LOGITS_TAP)
    embedding_taps: tuple[str, ...] = ('l2', 'l3', 'l4', 'd1', 'd2', 'd3', LOGITS_TAP)
    posterior_taps: tuple[str, ...] = ('l2', 'l3', 'l4', 'd1', 'd2', 'd3', LOGITS_TAP)
    width: int = 64
    """Channels of a head at stride 8, half as many at stride 4."""
    embedding_width: int = 64


class AnomalyOutputs(NamedTuple):
    """What is known of each pixel; h, w are an image's height and width over `HEAD_STRIDE`."""

    class_logits: Tensor
    """(B, K, H / s, W / s) of the frozen network, at its own stride s; without gradient."""
    adapted_logits: Tensor
    """(B, K, h, w) class logits plus the residual: what energy and PEBAL losses train."""
    abstention_logit: Tensor
    """(B, h, w) frozen background logit, 0 where the network has none, plus the residual."""
    embedding: Tensor
    """(B, D, h, w) of length 1 over D."""
    outlier_logit: Tensor
    """(B, h, w) log-odds of the outlier posterior, in nats."""

    @property
    def outlier_posterior(self) -> Tensor:
        """(B, h, w) probability 0..1 that the pixel is an outlier."""
        return torch.sigmoid(self.outlier_logit)


class FrozenClosedSet(nn.Module):
    """A tapped network that never changes, and the branch that is trained.

    The frozen network stays in evaluation mode in every mode of this module: its batch norm uses
    and keeps its running statistics, its weights get no gradient. The state dict holds frozen
    network and branch, so a checkpoint needs no other file.
    """

    def __init__(self, closed_set: TappedNetwork, settings: BranchSettings | None = None) -> None:
        """Freeze a network in place and add a branch with random weights.

        Args:
            closed_set: the trained network; it is put into evaluation mode for good.
            settings: of the branch.

        Raises:
            ValueError: a tap that the network does not have, or has at another number of outputs.
        """
        super().__init__()
        settings = settings or BranchSettings()
        self.num_classes = closed_set.num_classes
        self.closed_set = closed_set.eval().requires_grad_(False)
        self.residual = _head(
            closed_set,
            settings.residual_taps,
            num_outputs=closed_set.num_classes + 1,
            width=settings.width,
            starts_at_zero=True,
        )
        self.embedding = _head(
            closed_set,
            settings.embedding_taps,
            num_outputs=settings.embedding_width,
            width=settings.width,
        )
        self.posterior = _head(
            closed_set, settings.posterior_taps, num_outputs=1, width=settings.width
        )

    def train(self, mode: bool = True) -> 'FrozenClosedSet':
        """Set the mode of the branch; the frozen network stays in evaluation mode."""
        super().train(mode)
        self.closed_set.eval()
        return self

    def branch_parameters(self) -> Iterator[nn.Parameter]:
        """Yield what an optimizer may change."""
        for head in (self.residual, self.embedding, self.posterior):
            yield from head.parameters()

    def forward(self, image: Tensor) -> AnomalyOutputs:
        """Rate the pixels of a normalised image (B, 3, H, W).

        Raises:
            RuntimeError: somebody put the frozen network into training mode.
        """
        if any(module.training for module in self.closed_set.modules()):
            raise RuntimeError(
                'the frozen network is in training mode, so its batch norm would drift; '
                'call train() or eval() on the FrozenClosedSet, not on its closed_set'
            )
        with torch.no_grad():
            taps = self.closed_set.taps(image)
        class_logits, background = self._split(taps[LOGITS_TAP])
        residual = self.residual(taps)
        own = self.closed_set.tap_strides[LOGITS_TAP]
        return AnomalyOutputs(
            class_logits=class_logits,
            adapted_logits=resized(class_logits, own, HEAD_STRIDE) + residual[:, :-1],
            abstention_logit=resized(background, own, HEAD_STRIDE)[:, 0] + residual[:, -1],
            embedding=F.normalize(self.embedding(taps), dim=1),
            outlier_logit=self.posterior(taps)[:, 0],
        )

    def _split(self, logits: Tensor) -> tuple[Tensor, Tensor]:
        """Class logits (B, K, h, w) and background logit (B, 1, h, w) of the logits tap."""
        class_logits = logits[:, : self.num_classes]
        if logits.shape[1] == self.num_classes:
            return class_logits, torch.zeros_like(logits[:, :1])
        return class_logits, logits[:, self.num_classes :]


def _head(
    network: TappedNetwork,
    names: tuple[str, ...],
    *,
    num_outputs: int,
    width: int,
    starts_at_zero: bool = False,
) -> TapHead:
    unknown = [name for name in names if name not in network.tap_widths]
    if unknown:
        raise ValueError(
            f'the network has no tap {unknown[0]!r}; choose from {", ".join(network.tap_widths)}'
        )
    return TapHead(
        tap_widths={name: network.tap_widths[name] for name in names},
        tap_strides=network.tap_strides,
        num_outputs=num_outputs,
        width=width,
        starts_at_zero=starts_at_zero,
    )
