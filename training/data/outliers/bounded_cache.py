"""Keep what was read from a disk in memory, the newest used first, up to a number of bytes."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, Generic, Protocol, TypeVar


class HasBytes(Protocol):
    """An array, or what consists of arrays."""

    @property
    def nbytes(self) -> int: ...


Items = TypeVar('Items', bound=tuple[HasBytes, ...])


class BoundedCache(Generic[Items]):
    """Tuples by key; a copy in another process starts empty."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._held: OrderedDict[Hashable, Items] = OrderedDict()
        self.num_bytes = 0

    def get(self, key: Hashable, read: Callable[[], Items]) -> Items:
        """Return what is held under `key`, reading it first where nothing is."""
        if key in self._held:
            self._held.move_to_end(key)
            return self._held[key]
        items = self._held[key] = read()
        self.num_bytes += _num_bytes(items)
        while self.num_bytes > self._max_bytes:
            self.num_bytes -= _num_bytes(self._held.popitem(last=False)[1])
        return items

    def __getstate__(self) -> dict[str, Any]:
        return {'_max_bytes': self._max_bytes, '_held': OrderedDict(), 'num_bytes': 0}


def _num_bytes(items: tuple[HasBytes, ...]) -> int:
    return sum(each.nbytes for each in items)
