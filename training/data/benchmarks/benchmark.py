"""A labelled set for evaluation: what its figures need to know beside its pairs and ids."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from hopfield_pebal_ros.contract.labels import IGNORE_ID, OUTLIER_ID, LabelSet
from training.data.labelled_set import IdTable, LabelledSet

INLIER_ID: Final = 253
"""An inlier pixel whose class the set does not tell; label sets have far fewer classes."""

Track = Literal['anomaly', 'obstacle', 'none']
"""Which size filter of SegmentMeIfYouCan the components of a set are counted with."""


@dataclass(frozen=True, kw_only=True)
class Benchmark(LabelledSet):
    """A set whose labels tell outliers from inliers, or the closed-set classes."""

    track: Track
    label_set: LabelSet | None = None
    """The inlier classes of the label maps; None where the set tells no classes."""
    also_counted_as: Mapping[str, str] = field(default_factory=dict)
    """Class name of a network -> class of this set that contains it."""
    has_outliers: bool = True
    """Whether the set is refused when no pixel is an outlier."""
    keeps: Literal['all', 'labelled', 'with outliers'] = 'all'
    """Pairs that count: all, those that have a pixel that is not void, those with an outlier."""
    never_together: tuple[int, ...] = ()
    """Ids in files, of which a set holds one at most: more mean mixed versions."""
    notices: tuple[str, ...] = ()


def zero_one_void(*, void: int = IGNORE_ID) -> IdTable:
    """Return the ids of most anomaly sets: 0 inlier, 1 outlier, 255 void."""
    return IdTable({0: INLIER_ID, 1: OUTLIER_ID, void: IGNORE_ID})
