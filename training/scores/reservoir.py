"""Fair samples of a stream in fixed memory, one for each class or other group."""

import torch
from torch import Tensor

from training.scores.memory_bound import require_memory


class Reservoirs:
    """At most `capacity` rows of each group, every row of a group equally likely to be kept."""

    def __init__(
        self, num_groups: int, width: int, *, capacity: int, bound_mib: int, seed: int
    ) -> None:
        """Start empty.

        Raises:
            MemoryError: full reservoirs would not fit.
        """
        require_memory(4 * num_groups * capacity * (width + 1), bound_mib, 'reservoirs')
        self._capacity = capacity
        self._generator = torch.Generator().manual_seed(seed)
        self._rows = [torch.empty(0, width) for _ in range(num_groups)]
        self._keys = [torch.empty(0) for _ in range(num_groups)]

    def add(self, rows: Tensor, groups: Tensor) -> None:
        """Offer rows (N, D) float32 of groups (N,) int64."""
        keys = torch.rand(len(rows), generator=self._generator)
        for group in groups.unique().tolist():
            mine = groups == group
            all_keys = torch.cat([self._keys[group], keys[mine]])
            all_rows = torch.cat([self._rows[group], rows[mine].float()])
            # the rows of the largest random keys are a sample without replacement
            kept = all_keys.topk(min(self._capacity, len(all_keys))).indices
            self._keys[group], self._rows[group] = all_keys[kept], all_rows[kept]

    def rows(self, group: int) -> Tensor:
        """Return the rows (n, D) of a group."""
        return self._rows[group]

    def counts(self) -> Tensor:
        """Return how many rows each group holds (G,) int64."""
        return torch.tensor([len(rows) for rows in self._rows])
