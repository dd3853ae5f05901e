"""Integer counts of each image: they add up to figures, and can be resampled for intervals."""

from typing import Any

import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.evaluation.bootstrap import sums_by_group

Counts = npt.NDArray[np.int64]


class CountLog:
    """One array of counts an image, all of one shape; mergeable. Grows by that array."""

    def __init__(self) -> None:
        self._counts: list[Counts] = []
        self._names: list[str] = []
        self._groups: list[str] = []

    def __len__(self) -> int:
        return len(self._counts)

    def add(self, name: str, counts: Counts, *, group: str = '') -> None:
        """Append the counts of one image, any shape; kept, not copied."""
        self._counts.append(counts)
        self._names.append(name)
        self._groups.append(group)

    def merge(self, other: 'CountLog') -> None:
        """Append the images of another log.

        Raises:
            ValueError: its counts have another shape.
        """
        if self._counts and other._counts and self._counts[0].shape != other._counts[0].shape:
            raise ValueError(
                f'cannot merge counts of shape {other._counts[0].shape} into '
                f'{self._counts[0].shape}: were the parts made with one model and one set?'
            )
        self._counts.extend(other._counts)
        self._names.extend(other._names)
        self._groups.extend(other._groups)

    def total(self) -> Counts:
        """Return the sum over all images.

        Raises:
            ValueError: there is none.
        """
        if not self._counts:
            raise ValueError('nothing was counted: the log is empty')
        return np.asarray(np.sum(self._counts, axis=0), np.int64)

    def by_group(self) -> Counts:
        """Return the sum over each scene (U, ...); an image without a scene stands alone.

        The order does not depend on the order of merging.
        """
        order = sorted(range(len(self)), key=lambda index: self._names[index])
        counts = np.stack([self._counts[index] for index in order])
        return sums_by_group(counts, [self._groups[index] for index in order])

    def to_arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return what `from_arrays` needs."""
        counts = np.stack(self._counts) if self._counts else np.zeros(0, np.int64)
        return {
            'counts': counts,
            'names': np.array(self._names, np.str_),
            'groups': np.array(self._groups, np.str_),
        }

    @classmethod
    def from_arrays(cls, arrays: dict[str, npt.NDArray[Any]]) -> 'CountLog':
        """Make the log that `to_arrays` described."""
        log = cls()
        log._counts = list(arrays['counts'])
        log._names = [str(each) for each in arrays['names']]
        log._groups = [str(each) for each in arrays['groups']]
        return log
