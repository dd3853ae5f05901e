"""What a run will be taught, on one screen: pairs, what is missing, share of each class."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from hopfield_pebal_ros.contract.labels import CITYSCAPES, IGNORE_ID, OUTLIER_ID, LabelSet
from training.data.frames import WeightedSource
from training.data.labelled_set import LabelledSet

SAMPLED_FRAMES: Final = 64
"""Frames of a set that are looked at, evenly spread; enough for shares, quick on large sets."""


@dataclass(frozen=True, kw_only=True)
class SetSurvey:
    """What a look at some frames of a set showed."""

    name: str
    num_frames: int
    repeats: int
    num_sampled: int
    histogram: npt.NDArray[np.int64]
    """(256,) sampled pixels of each train id, `OUTLIER_ID`, `IGNORE_ID`."""
    sizes: Counter[str]
    """'2048x1024' -> sampled frames."""
    notes: tuple[str, ...] = ()
    """Layout, and what is missing."""

    @property
    def shares(self) -> npt.NDArray[np.float64]:
        """Share of each id in the pixels that are not void, (256,); all 0 where all are void."""
        counts = np.where(np.arange(256) == IGNORE_ID, 0, self.histogram)
        return np.asarray(counts / max(1, counts.sum()))

    @property
    def void_share(self) -> float:
        """Of all pixels, 0..1."""
        return float(self.histogram[IGNORE_ID] / max(1, self.histogram.sum()))


def survey(source: WeightedSource) -> SetSurvey:
    """Read at most `SAMPLED_FRAMES` frames, images and masks.

    Raises:
        ValueError: a frame cannot be read, or its mask holds an id without a meaning.
    """
    frames = source.frames
    histogram, sizes = np.zeros(256, np.int64), Counter[str]()
    num_sampled = min(len(frames), SAMPLED_FRAMES)
    name = ''
    for place in range(num_sampled):
        frame = frames[place * len(frames) // num_sampled]
        histogram += np.bincount(frame.label_map.ravel(), minlength=256)
        sizes['{1}x{0}'.format(*frame.label_map.shape)] += 1
        name = frame.name.partition('/')[0]
    return SetSurvey(
        name=name,
        num_frames=len(frames),
        repeats=source.repeats,
        num_sampled=num_sampled,
        histogram=histogram,
        sizes=sizes,
        notes=_notes(frames) if isinstance(frames, LabelledSet) else (),
    )


def _notes(found: LabelledSet) -> tuple[str, ...]:
    images, masks = found.images_without_labels, found.missing_images
    examples = [f'{images[0]} has none'] if images else []
    examples += [f'looked for {masks[0]}'] if masks else []
    return (
        f'{found.root}: {found.variant}',
        f'images without mask: {len(images)}, masks without image: {len(masks)}'
        + (f' ({"; ".join(examples)})' if examples else ''),
    )


def data_report(surveys: Sequence[SetSurvey], classes: LabelSet = CITYSCAPES) -> str:
    """Return the report as text: some lines a set, then a table of label shares.

    The last column is the mix of an epoch, in which a set weighs as its frames times repeats.
    """
    lines = [f'data, from at most {SAMPLED_FRAMES} frames of each set']
    for each in surveys:
        lines += _set_lines(each)
    weights = np.array([each.num_frames * each.repeats for each in surveys], np.float64)
    shares = np.stack([each.shares for each in surveys])
    mix = (weights[:, None] * shares).sum(axis=0) / weights.sum()
    columns = np.vstack([shares, mix])
    lines += [_row('share of labelled pixels', [each.name for each in surveys] + ['epoch'])]
    named = dict(enumerate(classes.names)) | {OUTLIER_ID: 'outlier'}
    for index, name in named.items():
        if mix[index]:
            lines += [_row(name, [_percent(each) for each in columns[:, index]])]
    absent = [name for index, name in enumerate(classes.names) if not mix[index]]
    if absent:
        lines += [f'  in no frame looked at: {", ".join(absent)}']
    return '\n'.join(lines)


def _set_lines(each: SetSurvey) -> list[str]:
    sizes = ', '.join(f'{count} of {size}' for size, count in each.sizes.most_common(3))
    rest = len(each.sizes) - 3
    return [
        f'{each.name}: {each.num_frames} pairs, each {each.repeats} times an epoch; '
        f'{each.num_sampled} looked at: {sizes}{f", {rest} more sizes" if rest > 0 else ""}; '
        f'void {100 * each.void_share:.1f} %',
        *(f'  {note}' for note in each.notes),
    ]


def _percent(share: float) -> str:
    if 0 < share < 5e-4:
        return '< 0.1 %'
    return f'{100 * share:.1f} %' if share else '-'


def _row(name: str, cells: Sequence[str]) -> str:
    return f'  {name:<24}' + ''.join(f'{each:>12}' for each in cells)
