"""What evaluation needs of a scorer: energies, and labels where it has them, for each image."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.contract.labels import LabelSet


@dataclass(frozen=True, kw_only=True)
class Scorer:
    """What is evaluated, for messages, reports and the check that shards belong together."""

    name: str
    facts: tuple[tuple[str, str], ...]
    """What people should know of it: file, size, engine, training data."""
    sha256: str = ''
    """Of the model file; '' for stored maps."""
    label_set: LabelSet | None = None
    """Classes of its label maps; None where it has none."""
    threshold: float | None = None
    """Energy above which the deployed model reports an anomaly."""
    unit: str = ''
    """Of the energies."""
    inlier_standard_deviation: float | None = None
    """Of the energies, where it was fitted; sets the colours of pictures."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Scores:
    """What a scorer says of one image, at the size of the image."""

    energy_map: npt.NDArray[np.float32]
    """(H, W) float32, higher is more anomalous; NaN where `is_seen` is False."""
    label_map: npt.NDArray[np.uint8] | None = None
    """(H, W) uint8 class ids of the scorer's label set."""
    confidence_map: npt.NDArray[np.float32] | None = None
    """(H, W) float32, probability of the predicted class, 0..1."""
    is_seen: npt.NDArray[np.bool_] | None = None
    """(H, W) bool, pixels that the network saw; None means all."""


class ScoreSource(Protocol):
    """A deployable file, a checkpoint, or stored maps. Not safe between threads."""

    @property
    def scorer(self) -> Scorer: ...

    def score(self, name: str, image_rgb: npt.NDArray[np.uint8]) -> Scores:
        """Score one image.

        Args:
            name: of the pair.
            image_rgb: (H, W, 3) uint8 RGB.

        Raises:
            ScoreError: there are no usable energies for it.
        """
        ...

    def close(self) -> None: ...


class ScoreError(ValueError):
    """Energies that are missing or unusable; the message says what and the remedy."""
