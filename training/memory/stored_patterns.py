"""Stored patterns: gathered from a stream of images, condensed, and put into a memory."""

from collections.abc import Callable
from typing import Final, Literal

import torch
from torch import Tensor

from training.memory.condensation import MovingPatterns, condensed, moved, started_at
from training.memory.patterns import Patterns
from training.memory.pixel_groups import group_rows
from training.memory.reservoir import Reservoir

Method = Literal['k-means', 'moving average']

PIXELS_HELD: Final = 4096
"""Of each class and of outliers, for k-means; 20 MB at 19 classes and 64 values."""
PIXELS_PER_IMAGE: Final = 256
"""Of each class and of outliers."""
MOMENTUM: Final = 0.95


class PatternGatherer:
    """Fills a memory from images, in bounded memory however many there are.

    By k-means of a uniform sample of the pixels, or by a moving average, which forgets the first
    images and so follows an embedding that is still trained.
    """

    def __init__(self, memory: Patterns, *, method: Method = 'k-means', seed: int = 0) -> None:
        """Gather for the patterns of `memory`, which changes in `fill` alone.

        Raises:
            ValueError: an unknown method.
        """
        kinds: dict[str, Callable[[int, torch.Generator], _Sampled | _Moving]] = {
            'k-means': _Sampled,
            'moving average': _Moving,
        }
        if method not in kinds:
            raise ValueError(f'no pattern method {method!r}; choose from {", ".join(kinds)}')
        self._memory = memory
        self._generator = torch.Generator().manual_seed(seed)
        counts = [memory.settings.patterns_per_class] * len(memory.class_ids)
        counts.append(memory.settings.outlier_patterns)
        self._groups = [kinds[method](count, self._generator) for count in counts]

    def add(self, embedding: Tensor, labels: Tensor, predicted: Tensor) -> None:
        """Take pixels of a batch: correctly classified inliers and outliers.

        Args:
            embedding: (B, D, h, w) float.
            labels: (B, h, w) int64 train ids at the size of the embedding.
            predicted: (B, h, w) integer train ids of the network whose embedding it is.
        """
        rows = group_rows(
            embedding,
            labels,
            predicted,
            class_ids=self._memory.class_ids,
            pixels_per_image=PIXELS_PER_IMAGE,
            generator=self._generator,
        )
        for group, found in rows:
            self._groups[group].add(found)

    def fill(self, network_sha256: str) -> None:
        """Put the patterns into the memory; a class that no image had stays empty.

        Args:
            network_sha256: `embedding_sha256` of the network whose embedding was given.

        Raises:
            ValueError: no outlier, or no inlier that was classified correctly.
        """
        *classes, outlier = [group.patterns() for group in self._groups]
        seen = [each for each in classes if each is not None]
        if outlier is None or not seen:
            raise ValueError(
                f'stored patterns need inliers and outliers, got {len(seen)} of {len(classes)} '
                f'classes and {"no" if outlier is None else "some"} outliers; give training '
                'images with pasted outliers, of a network that knows its classes'
            )
        inlier = [torch.zeros_like(seen[0]) if each is None else each for each in classes]
        is_filled = torch.tensor([each is not None for each in classes])
        self._memory.fill(torch.stack(inlier), outlier, is_class_filled=is_filled)
        self._memory.bind_to(network_sha256)


class _Sampled:
    def __init__(self, count: int, generator: torch.Generator) -> None:
        self._count = count
        self._generator = generator
        self._reservoir = Reservoir(PIXELS_HELD, generator=generator)

    def add(self, rows: Tensor) -> None:
        self._reservoir.add(rows)

    def patterns(self) -> Tensor | None:
        rows = self._reservoir.rows
        return None if rows is None else condensed(rows, self._count, generator=self._generator)


class _Moving:
    def __init__(self, count: int, generator: torch.Generator) -> None:
        self._count = count
        self._generator = generator
        self._state: MovingPatterns | None = None

    def add(self, rows: Tensor) -> None:
        state = self._state or started_at(rows, self._count, generator=self._generator)
        self._state = moved(state, rows, momentum=MOMENTUM, generator=self._generator)

    def patterns(self) -> Tensor | None:
        return None if self._state is None else self._state.directions
