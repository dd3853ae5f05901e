"""The patterns of a memory as state: rows, class ids, beta, what is filled, whose they are."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hopfield_pebal_ros.contract.energy import SMALL_EXPONENT

LARGEST_BETA: Final = SMALL_EXPONENT
"""Beta times a similarity, which is in -1..1, is then small."""


class MemoryStateError(ValueError):
    """A memory that cannot be asked: empty, or of another network; the message says the remedy."""


@dataclass(frozen=True, kw_only=True)
class MemorySettings:
    """How many patterns there are, and where they come from."""

    kind: Literal['learned', 'stored'] = 'learned'
    """Learned by gradient, or stored from pixels of training images."""
    patterns_per_class: int = 4
    outlier_patterns: int = 64
    beta: float = 16.0
    """Inverse temperature, at the start where it is trained."""
    is_beta_trained: bool = False

    def __post_init__(self) -> None:
        if self.kind not in ('learned', 'stored'):
            raise ValueError(f"memory kind must be 'learned' or 'stored', got {self.kind!r}")
        if self.patterns_per_class < 1 or self.outlier_patterns < 1:
            raise ValueError(
                'a memory needs patterns of each class and of outliers, got '
                f'{self.patterns_per_class} and {self.outlier_patterns}'
            )
        require_beta(self.beta)


class Patterns(nn.Module):
    """K x M inlier and N outlier rows of D values; every pattern has length 1, its row need not.

    The state dict holds rows, class ids, beta, which groups are filled, and the hash of the
    network whose embedding the patterns are of.
    """

    def __init__(
        self, settings: MemorySettings, *, class_ids: Sequence[int], embedding_width: int
    ) -> None:
        """Start learned patterns at random, stored ones empty.

        Args:
            settings: sizes and beta.
            class_ids: train id of each of the K classes, in the order of its patterns.
            embedding_width: D.
        """
        super().__init__()
        self.settings = settings
        num_classes, is_learned = len(class_ids), settings.kind == 'learned'
        inlier = torch.zeros(num_classes, settings.patterns_per_class, embedding_width)
        outlier = torch.zeros(settings.outlier_patterns, embedding_width)
        for name, rows in (('inlier_rows', inlier), ('outlier_rows', outlier)):
            if is_learned:
                self.register_parameter(name, nn.Parameter(F.normalize(rows.normal_(), dim=-1)))
            else:
                self.register_buffer(name, rows)
        self.inlier_rows: Tensor
        self.outlier_rows: Tensor
        log_beta = torch.tensor(math.log(settings.beta))
        self.log_beta = nn.Parameter(log_beta, requires_grad=settings.is_beta_trained)
        self.class_ids: Tensor
        self.is_class_filled: Tensor
        self.is_outlier_filled: Tensor
        self.network_hash: Tensor
        self.register_buffer('class_ids', torch.tensor(list(class_ids)))
        self.register_buffer('is_class_filled', torch.full((num_classes,), is_learned))
        self.register_buffer('is_outlier_filled', torch.tensor(is_learned))
        self.register_buffer('network_hash', torch.zeros(32, dtype=torch.uint8))

    @property
    def beta(self) -> Tensor:
        """Inverse temperature, scalar, at most `LARGEST_BETA` where it is trained too."""
        return self.log_beta.float().exp().clamp(max=LARGEST_BETA)

    def set_beta(self, beta: float) -> None:
        """Set the inverse temperature, as chosen on validation images."""
        require_beta(beta)
        with torch.no_grad():
            self.log_beta.fill_(math.log(beta))

    @property
    def inlier_patterns(self) -> Tensor:
        """(K, M, D) float32 of length 1; 0 where the class is not filled."""
        return F.normalize(self.inlier_rows.float(), dim=-1)

    @property
    def outlier_patterns(self) -> Tensor:
        """(N, D) float32 of length 1; 0 where not filled."""
        return F.normalize(self.outlier_rows.float(), dim=-1)

    @torch.no_grad()
    def fill(
        self, inlier: Tensor, outlier: Tensor, *, is_class_filled: Tensor | None = None
    ) -> None:
        """Put patterns in place; learned ones start from them.

        Args:
            inlier: (K, M, D) float, each row of any length but 0.
            outlier: (N, D) float.
            is_class_filled: (K,) bool, classes whose rows count, the others stay as they are;
                None: all.

        Raises:
            ValueError: another shape than that of this memory, or a row of length 0.
        """
        if inlier.shape != self.inlier_rows.shape or outlier.shape != self.outlier_rows.shape:
            raise ValueError(
                f'patterns must be {tuple(self.inlier_rows.shape)} and '
                f'{tuple(self.outlier_rows.shape)}, got {tuple(inlier.shape)} and '
                f'{tuple(outlier.shape)}'
            )
        filled = torch.ones_like(self.is_class_filled)
        if is_class_filled is not None:
            filled = is_class_filled.to(filled.device)
        rows = torch.cat([inlier[filled.to(inlier.device)].flatten(0, 1), outlier.to(inlier)])
        if not rows.norm(dim=1).min() > 0:
            raise ValueError('a pattern of length 0 or not a number has no direction')
        inlier = F.normalize(inlier.to(self.inlier_rows), dim=-1)
        self.inlier_rows.copy_(inlier.where(filled[:, None, None], self.inlier_rows))
        self.outlier_rows.copy_(F.normalize(outlier.to(self.outlier_rows), dim=-1))
        self.is_class_filled.copy_(filled | self.is_class_filled)
        self.is_outlier_filled.fill_(True)

    @property
    def network_sha256(self) -> str | None:
        """Hash of the network whose embedding the patterns are of; None: not said yet."""
        found = bytes(self.network_hash.tolist())
        return found.hex() if any(found) else None

    def bind_to(self, network_sha256: str) -> None:
        """Say which network the patterns are of, whenever they are saved with it."""
        digest = torch.tensor(list(bytes.fromhex(network_sha256)), dtype=torch.uint8)
        self.network_hash.copy_(digest)

    def require_network(self, network_sha256: str) -> None:
        """Refuse patterns of another network's embedding.

        Raises:
            MemoryStateError: they are of another network, or it was never said of which.
        """
        if self.network_sha256 != network_sha256:
            raise MemoryStateError(
                f'the pattern memory belongs to network {str(self.network_sha256)[:12]}, this is '
                f'{network_sha256[:12]}; its embedding means something else: load the checkpoint '
                'of that network, or fill the memory again with python -m training.calibrate'
            )

    def require_filled(self) -> None:
        """Refuse to run without patterns.

        Raises:
            MemoryStateError: no class, or no outliers.
        """
        if not self.is_class_filled.any() or not self.is_outlier_filled:
            raise MemoryStateError(
                f'the pattern memory is empty: {int(self.is_class_filled.sum())} of '
                f'{len(self.class_ids)} classes and {int(self.is_outlier_filled)} of 1 outlier '
                'group have patterns; python -m training.calibrate fills it'
            )


def require_beta(beta: float) -> None:
    """Raise a ValueError unless `beta` is an inverse temperature that energies can use."""
    if not 0 < beta <= LARGEST_BETA:
        raise ValueError(
            f'memory beta must be above 0 and at most {LARGEST_BETA:g}, got {beta}: exponentials '
            'of larger ones leave the range of float32'
        )
