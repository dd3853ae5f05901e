"""A closed-set segmentation network with a trained anomaly branch beside it.

Residual Pattern Learning's idea (Liu et al. 2023, "Residual Pattern Learning for Pixel-wise
Out-of-Distribution Detection in Semantic Segmentation"): what is trained is added to a frozen
network, so that closed-set results stay what they were, to the last bit. The branch reads feature
maps of several depths and has up to three heads of its own weights. A network that is not frozen
is trained together with its branch, which may then be empty: that is PEBAL's case.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final, cast

import torch
from torch import Tensor, nn

from training.memory.network_hash import embedding_sha256
from training.memory.pattern_memory import PatternMemory
from training.models.anomaly_outputs import AnomalyOutputs
from training.models.tap_head import HEAD_STRIDE, TapHead, resized
from training.models.tapped_network import LOGITS_TAP, OUTLIER_LOGIT_TAP, TappedNetwork

_BIAS_STD: Final = 0.1
_SHORTEST: Final = 1e-3


@dataclass(frozen=True, kw_only=True)
class BranchSettings:
    """Which feature maps each head reads, by tap name; a head that reads none is left out."""

    residual_taps: tuple[str, ...] = ()
    """For what is added to class logits and abstention logit."""
    embedding_taps: tuple[str, ...] = ()
    """For the embedding that the Hopfield memory compares with its patterns."""
    posterior_taps: tuple[str, ...] = ()
    """For the log-odds of the outlier posterior."""
    width: int = 64
    """Channels of a head at stride 8, half as many at stride 4."""
    posterior_width: int | None = None
    """The same of the posterior's head, where it is to be another."""
    embedding_width: int = 64
    encoder_dropout: float = 0.0
    """Share of training samples for which a head that reads both kinds of maps reads none of the
    encoder's."""
    decoder_dropout: float = 0.0
    """Share for which it reads those of the encoder alone."""

    def __post_init__(self) -> None:
        shares = self.encoder_dropout, self.decoder_dropout
        if min(shares) < 0 or sum(shares) > 1:
            raise ValueError(
                'encoder_dropout and decoder_dropout must not be negative, nor more than 1 '
                f'together, got {shares[0]} and {shares[1]}'
            )


class AnomalyNetwork(nn.Module):
    """A tapped network, its branch, and the memory of patterns of the branch's embedding.

    A frozen closed-set network stays in evaluation mode in every mode of this module: its batch
    norm uses and keeps its running statistics, its weights get no gradient. The state dict holds
    all parts, so a checkpoint needs no other file.
    """

    def __init__(
        self,
        closed_set: TappedNetwork,
        branch: BranchSettings | None = None,
        *,
        memory: PatternMemory | None = None,
        is_frozen: bool = False,
        has_frozen_norm: bool = False,
    ) -> None:
        """Add a branch with random weights to a network.

        Args:
            closed_set: the network; where frozen it is put into evaluation mode for good.
            branch: its heads.
            memory: patterns to compare the embedding with.
            is_frozen: whether no weight and no statistic of `closed_set` ever changes.
            has_frozen_norm: whether batch norm of `closed_set` uses and keeps its running
                statistics while the weights are trained.

        Raises:
            ValueError: a tap that the network does not have, or a memory without an embedding.
        """
        super().__init__()
        branch = branch or BranchSettings()
        self.num_classes = closed_set.num_classes
        self.is_frozen = is_frozen
        self.has_frozen_norm = has_frozen_norm or is_frozen
        self.closed_set = closed_set
        if is_frozen:
            closed_set.eval().requires_grad_(False)
        self.residual = _head(
            closed_set,
            branch,
            branch.residual_taps,
            num_outputs=closed_set.num_classes + 1,
            starts_at_zero=True,
        )
        self.embedding = _head(
            closed_set, branch, branch.embedding_taps, num_outputs=branch.embedding_width
        )
        if self.embedding is not None:
            # without a bias, a pixel of no active unit has no direction, and a boundless gradient
            nn.init.normal_(cast('Tensor', self.embedding.output[-1].bias), std=_BIAS_STD)
        self.posterior = _head(
            closed_set,
            branch,
            branch.posterior_taps,
            num_outputs=1,
            width=branch.posterior_width,
        )
        if memory is not None and self.embedding is None:
            raise ValueError('a pattern memory needs an embedding; give branch.embedding_taps')
        self.memory = memory

    def train(self, mode: bool = True) -> 'AnomalyNetwork':
        """Set the mode of what is trained; frozen parts stay in evaluation mode."""
        super().train(mode)
        if self.is_frozen:
            self.closed_set.eval()
        elif self.has_frozen_norm:
            for module in _norms(self.closed_set):
                module.eval()
        return self

    def branch_parameters(self) -> Iterator[nn.Parameter]:
        """Yield the parameters beside the closed-set network."""
        for part in (self.residual, self.embedding, self.posterior, self.memory):
            if part is not None:
                yield from part.parameters()

    def taps_read(self) -> tuple[str, ...]:
        """Return the names of the closed-set network's maps that the outputs depend on."""
        heads = [each for each in (self.residual, self.embedding, self.posterior) if each]
        read = {name for head in heads for name in head.strides} | {LOGITS_TAP, OUTLIER_LOGIT_TAP}
        return tuple(name for name in self.closed_set.tap_widths if name in read)

    def forward(
        self, image: Tensor | Mapping[str, Tensor], *, head_stride: int = HEAD_STRIDE
    ) -> AnomalyOutputs:
        """Rate the pixels of a normalised image (B, 3, H, W), or of its maps of `taps_read`.

        The branch's maps are (B, ..., H / head_stride, W / head_stride), from `HEAD_STRIDE` on.

        Raises:
            RuntimeError: somebody put a frozen part into training mode.
        """
        self._refuse_drift()
        if isinstance(image, Tensor):
            with torch.set_grad_enabled(torch.is_grad_enabled() and not self.is_frozen):
                taps = self.closed_set.taps(image)
        else:
            taps = dict(image)
        class_logits, background = self._split(taps[LOGITS_TAP])
        adapted, abstention = self._adapted(class_logits, background, taps, head_stride)
        embedding = None
        if self.embedding is not None:
            embedding = _unit(self.embedding(taps, stride=head_stride))
        outputs = AnomalyOutputs(
            class_logits=class_logits,
            background_logit=None if background is None else background[:, 0],
            adapted_logits=adapted,
            abstention_logit=abstention[:, 0],
            embedding=embedding,
            outlier_logit=self._outlier_logit(taps, head_stride),
        )
        if self.memory is None or embedding is None or not self._has_patterns():
            return outputs
        return replace(
            outputs,
            memory=self.memory.energies(embedding) if self.training else None,
            memory_beta=self.memory.beta,
            patterns=self.memory,
        )

    def _adapted(
        self,
        class_logits: Tensor,
        background: Tensor | None,
        taps: Mapping[str, Tensor],
        head_stride: int,
    ) -> tuple[Tensor, Tensor]:
        """Class logits (B, K, h, w) and abstention logit (B, 1, h, w), residual included."""
        if background is None:
            background = torch.zeros_like(class_logits[:, :1])
        if self.residual is None:
            return class_logits, background
        own = self.closed_set.tap_strides[LOGITS_TAP]
        residual = self.residual(taps, stride=head_stride)
        return (
            resized(class_logits, own, head_stride) + residual[:, :-1],
            resized(background, own, head_stride) + residual[:, -1:],
        )

    def _outlier_logit(self, taps: Mapping[str, Tensor], head_stride: int) -> Tensor | None:
        """Of the branch's head, else of the network's own, (B, h, w)."""
        if self.posterior is not None:
            return cast('Tensor', self.posterior(taps, stride=head_stride)[:, 0])
        return taps[OUTLIER_LOGIT_TAP][:, 0] if OUTLIER_LOGIT_TAP in taps else None

    def embedding_sha256(self) -> str:
        """Return the hash of all that makes the embedding: whose patterns the memory holds."""
        return embedding_sha256(self, ('closed_set', 'embedding'))

    def bind_memory(self) -> None:
        """Say that the patterns are of this network, as whoever saves both must."""
        if self.memory is not None:
            self.memory.bind_to(self.embedding_sha256())

    def require_memory(self) -> None:
        """Refuse to run with an empty memory, or with patterns of another network.

        Raises:
            MemoryStateError: the message says how to fill it.
        """
        if self.memory is not None:
            self.memory.require_filled()
            self.memory.require_network(self.embedding_sha256())

    def _has_patterns(self) -> bool:
        """Whether the memory can be asked; stored patterns come with the anomaly stage."""
        memory = self.memory
        if memory is None or memory.settings.kind == 'learned' or torch.compiler.is_exporting():
            return memory is not None
        return bool(memory.is_class_filled.any() and memory.is_outlier_filled)

    def _refuse_drift(self) -> None:
        if not self.training or not self.has_frozen_norm:
            watched: Iterator[nn.Module] = iter(())
        elif self.is_frozen:
            watched = self.closed_set.modules()
        else:
            watched = _norms(self.closed_set)
        if any(module.training for module in watched):
            raise RuntimeError(
                'the frozen network is in training mode, so its batch norm would drift; '
                'call train() or eval() on the AnomalyNetwork, not on its closed_set'
            )

    def _split(self, logits: Tensor) -> tuple[Tensor, Tensor | None]:
        """Class logits (B, K, h, w) and background logit (B, 1, h, w) of the logits tap."""
        class_logits = logits[:, : self.num_classes]
        if logits.shape[1] == self.num_classes:
            return class_logits, None
        return class_logits, logits[:, self.num_classes :]


def _unit(x: Tensor) -> Tensor:
    """Scale to length 1 over D; what is shorter than `_SHORTEST` stays shorter."""
    # F.normalize divides by a map as wide as x, which takes OpenVINO many times as long
    length: Tensor = x.norm(dim=1, keepdim=True)
    return x * length.clamp(min=_SHORTEST).reciprocal()


def _norms(network: nn.Module) -> Iterator[nn.Module]:
    return (
        each for each in network.modules() if isinstance(each, nn.modules.batchnorm._BatchNorm)
    )


def _head(
    network: TappedNetwork,
    branch: BranchSettings,
    names: tuple[str, ...],
    *,
    num_outputs: int,
    width: int | None = None,
    starts_at_zero: bool = False,
) -> TapHead | None:
    if not names:
        return None
    unknown = [name for name in names if name not in network.tap_widths]
    if unknown:
        raise ValueError(
            f'the network has no tap {unknown[0]!r}; choose from {", ".join(network.tap_widths)}'
        )
    return TapHead(
        tap_widths={name: network.tap_widths[name] for name in names},
        tap_strides=network.tap_strides,
        num_outputs=num_outputs,
        width=width or branch.width,
        starts_at_zero=starts_at_zero,
        dropped_groups=_dropped_groups(network, branch, names),
    )


def _dropped_groups(
    network: TappedNetwork, branch: BranchSettings, names: tuple[str, ...]
) -> dict[tuple[str, ...], float]:
    """Return the share of samples that go without each group; a head needs both to lose one."""
    encoder = tuple(name for name in names if name in network.encoder_taps)
    decoder = tuple(name for name in names if name not in network.encoder_taps)
    if not encoder or not decoder:
        return {}
    shares = {encoder: branch.encoder_dropout, decoder: branch.decoder_dropout}
    return {group: share for group, share in shares.items() if share}
