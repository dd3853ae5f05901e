"""One part of a data set, as `--shard i/n` names it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

Item = TypeVar('Item')


@dataclass(frozen=True)
class Shard:
    """Part `index` of `count`; the first is 1."""

    index: int
    count: int

    def __post_init__(self) -> None:
        if not 1 <= self.index <= self.count:
            raise ValueError(
                f'shard {self.index}/{self.count} does not exist: use 1/{max(self.count, 1)} to '
                f'{max(self.count, 1)}/{max(self.count, 1)}'
            )

    def select(self, items: Sequence[Item]) -> Sequence[Item]:
        """Return every `count`-th item: the shards are disjoint and together complete."""
        return items[self.index - 1 :: self.count]


def parse_shard(text: str) -> Shard:
    """Read 'i/n'.

    Raises:
        ValueError: it is not two whole numbers, or there is no such shard.
    """
    match = re.fullmatch(r'(\d+)/(\d+)', text.strip())
    if match is None:
        raise ValueError(f'a shard is written i/n, for example 2/8; got {text!r}')
    return Shard(int(match.group(1)), int(match.group(2)))
