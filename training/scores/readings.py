"""What a network says of pixels or of whole images: all that a score may look at."""

from collections.abc import Iterator
from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from hopfield_pebal_ros.contract.labels import OUTLIER_ID


class ScoreError(ValueError):
    """A score that cannot be fitted, loaded or evaluated; the message says the remedy."""


class Readings(NamedTuple):
    """Maps (B, C, H, W) or vectors (N, C); every tensor of the same kind and places."""

    class_logits: Tensor
    """(B, K, H, W) or (N, K): inlier classes only."""
    features: Tensor
    """(B, D, H, W) or (N, D). Scores of logits alone never look at them."""
    deviations: Tensor | None = None
    """(N, D) standard deviation of the features in space; maps need none, they have neighbours."""
    abstention_logit: Tensor | None = None
    """(B, H, W) or (N,), where the network has an abstention or background channel."""
    stride: int = 1
    """Image pixels per pixel of the maps."""

    def rows(self, first: int, end: int) -> 'Readings':
        """Return the rows `first` to before `end` of maps."""
        deviations, abstention = self.deviations, self.abstention_logit
        return Readings(
            self.class_logits[:, :, first:end],
            self.features[:, :, first:end].contiguous(),
            None if deviations is None else deviations[:, :, first:end].contiguous(),
            None if abstention is None else abstention[:, first:end],
            self.stride,
        )


class FitBatch(NamedTuple):
    """Places with a known truth, to fit a score on."""

    features: Tensor
    """(N, D) float32."""
    class_logits: Tensor
    """(N, K) float32."""
    labels: Tensor
    """(N,) int64, class ids and `OUTLIER_ID`."""
    deviations: Tensor | None = None
    """(N, D) float32, standard deviation of the features in space."""

    def readings(self) -> Readings:
        return Readings(self.class_logits, self.features, self.deviations)

    def where(self, mask: Tensor) -> 'FitBatch':
        """Return the places of a mask (N,) bool."""
        spread = None if self.deviations is None else self.deviations[mask]
        return FitBatch(self.features[mask], self.class_logits[mask], self.labels[mask], spread)

    def spread(self) -> Tensor:
        """Return the deviations.

        Raises:
            ScoreError: the stream has none.
        """
        if self.deviations is None:
            raise ScoreError(
                'this score models standard deviations in space, and the stream has none: gather '
                'the features with their deviations (python -m training.precompute_features)'
            )
        return self.deviations

    def inliers(self) -> 'FitBatch':
        return self.where(self.labels != OUTLIER_ID)

    def outliers(self) -> 'FitBatch':
        return self.where(self.labels == OUTLIER_ID)

    def correct(self) -> 'FitBatch':
        """Return the inliers whose class the network predicts."""
        return self.where(self.class_logits.argmax(dim=1) == self.labels)


class FeatureStream(Protocol):
    """Batches that can be gone through several times, in the same order."""

    @property
    def num_classes(self) -> int: ...

    @property
    def width(self) -> int: ...

    def __iter__(self) -> Iterator[FitBatch]: ...


def checked(stream: FeatureStream) -> Iterator[FitBatch]:
    """Yield the batches of a stream and refuse those that no statistics can be made of.

    Raises:
        ScoreError: numbers that are not finite, or labels that are no class of the network.
    """
    for index, batch in enumerate(stream):
        for name in ('features', 'class_logits', 'deviations'):
            values = getattr(batch, name)
            if values is not None and not torch.isfinite(values).all():
                raise ScoreError(
                    f'{name} of batch {index} are not all finite: the network diverged or its '
                    'input was not normalised; use an earlier checkpoint'
                )
        foreign = (batch.labels >= stream.num_classes) & (batch.labels != OUTLIER_ID)
        if foreign.any() or (batch.labels < 0).any():
            raise ScoreError(
                f'labels of batch {index} are outside 0..{stream.num_classes - 1} and '
                f'{OUTLIER_ID}: leave ignored pixels out, and fit on the label set of the network'
            )
        yield batch
