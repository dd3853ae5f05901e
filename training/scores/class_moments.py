"""Counts, means and the shared scatter of classes from a stream: float64, never stacked."""

import torch
from torch import Tensor

from training.scores.memory_bound import require_memory
from training.scores.readings import ScoreError


class ClassMoments:
    """Means of each class, and the scatter around them that all classes share."""

    def __init__(
        self, num_classes: int, width: int, *, bound_mib: int, has_scatter: bool = True
    ) -> None:
        """Start empty.

        Args:
            num_classes: K.
            width: D.
            bound_mib: most memory.
            has_scatter: whether `shared_covariance` is asked for later.

        Raises:
            MemoryError: K means and a scatter matrix of this width do not fit.
        """
        rows = num_classes + (width if has_scatter else 0)
        require_memory(8 * rows * width, bound_mib, 'class moments')
        self.counts = torch.zeros(num_classes, dtype=torch.float64)
        self._sums = torch.zeros(num_classes, width, dtype=torch.float64)
        self._products = torch.zeros(rows - num_classes, width, dtype=torch.float64)
        self._origin: Tensor | None = None

    def add(self, features: Tensor, labels: Tensor) -> None:
        """Count features (N, D) with class ids (N,)."""
        if len(features) == 0:
            return
        if self._origin is None:  # sums around a near point keep their digits
            self._origin = features.double().mean(dim=0)
        centred = features.double() - self._origin
        self.counts += torch.bincount(labels, minlength=len(self.counts))
        self._sums.index_add_(0, labels, centred)
        if len(self._products):
            self._products += centred.T @ centred

    def present(self, *, leaves_out_empty: bool) -> Tensor:
        """Return the ids (C,) of the classes that were seen.

        Raises:
            ScoreError: one was not, and it is not to be left out.
        """
        return present_classes(self.counts, leaves_out_empty=leaves_out_empty)

    def means(self) -> Tensor:
        """Return (K, D) float64; NaN for a class that was never seen."""
        return self._sums / self.counts[:, None] + self._known_origin()

    def shared_covariance(self) -> Tensor:
        """Return (D, D) float64: mean over all features of their scatter around their class."""
        seen = self.counts > 0
        sums, counts = self._sums[seen], self.counts[seen]
        between = (sums / counts[:, None]).T @ sums
        return (self._products - between) / counts.sum()

    def _known_origin(self) -> Tensor:
        if self._origin is None:
            raise ScoreError('no features were counted; give a stream that is not empty')
        return self._origin


def present_classes(counts: Tensor, *, leaves_out_empty: bool) -> Tensor:
    """Return the ids (C,) int64 of the classes with a count, given counts (K,).

    Raises:
        ScoreError: a class has none and is not to be left out, or all have none.
    """
    empty = torch.nonzero(counts == 0).flatten().tolist()
    if len(empty) == len(counts) or (empty and not leaves_out_empty):
        raise ScoreError(
            f'no correctly classified example of class ids {", ".join(map(str, empty))}: fit on '
            'data that holds them, or leave them out of the score with --leave-out-empty-classes'
        )
    return torch.nonzero(counts > 0).flatten()


def whitening(covariance: Tensor, *, shrinkage: float) -> tuple[Tensor, float]:
    """Return W (D, D) float64 with W S W^T = 1, and log |S|, of the shrunk covariance S.

    Args:
        covariance: (D, D) float64, symmetric.
        shrinkage: 0..1, how far S is moved towards a multiple of the identity of equal trace.

    Raises:
        ScoreError: S is singular.
    """
    width = len(covariance)
    level = covariance.diagonal().mean()
    shrunk = (1 - shrinkage) * covariance + shrinkage * level * torch.eye(width).double()
    values, vectors = torch.linalg.eigh(shrunk)
    smallest_allowed = 1e-9 * float(values[-1])
    if not float(values[0]) > smallest_allowed:
        rank = int((values > smallest_allowed).sum())
        raise ScoreError(
            f'the covariance is singular: rank {rank} of {width}; fit on more examples, or raise '
            f'the shrinkage of {shrinkage:g}'
        )
    return vectors.T / values.sqrt()[:, None], float(values.log().sum())
