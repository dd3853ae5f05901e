"""A uniform sample of a stream of rows, of bounded size."""

import torch
from torch import Tensor


class Reservoir:
    """Keeps the rows with the smallest of random keys: each row is as likely as any other."""

    def __init__(self, capacity: int, *, generator: torch.Generator) -> None:
        if capacity < 1:
            raise ValueError(f'a reservoir holds at least one row, got capacity {capacity}')
        self._capacity = capacity
        self._generator = generator
        self._keys = torch.empty(0)
        self._rows: Tensor | None = None

    @property
    def rows(self) -> Tensor | None:
        """(at most `capacity`, D); None before the first row."""
        return self._rows

    def add(self, rows: Tensor) -> None:
        """Offer rows (P, D); no more than `capacity` rows beside them are ever held."""
        keys = torch.cat([self._keys, torch.rand(len(rows), generator=self._generator)])
        both = rows if self._rows is None else torch.cat([self._rows, rows])
        kept = keys.topk(min(self._capacity, len(keys)), largest=False)
        self._keys, self._rows = kept.values, both[kept.indices]
