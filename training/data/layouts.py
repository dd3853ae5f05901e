"""File layouts as data: a pattern for the label files, and templates for what belongs to each."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from training.data.labelled_set import DatasetError, Pair

SUFFIXES: Final = ('jpg', 'png', 'webp', 'jpeg')

_SHOWN: Final = 3  # file names listed in a message


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Where one release of a set keeps its files; all paths below the root."""

    name: str
    labels: str
    """Glob of the label files."""
    parts: str
    """Regular expression that a label path matches whole; its groups fill the templates. Label
    files that do not match are not part of the set."""
    images: tuple[str, ...]
    """Templates of the image; the first file that exists is taken."""
    pair_name: str
    """Template of the name of a pair."""
    group: str = ''
    """Template of the scene."""
    overlay: str = ''
    """Template of the file that is added to the image."""
    every_image: tuple[str, ...] = ()
    """Globs of images of which each should have labels."""


@dataclass(frozen=True, kw_only=True)
class FoundPairs:
    """The files of a set in the layout that fits."""

    layout: Layout
    pairs: tuple[Pair, ...]
    """In order of name."""
    missing: tuple[str, ...]
    """What was looked for, for each label file without its image or overlay."""
    images_without_labels: tuple[Path, ...]


def with_suffixes(template: str) -> tuple[str, ...]:
    """Return the template once for each usual kind of picture."""
    return tuple(f'{template}.{suffix}' for suffix in SUFFIXES)


def same_stem(images: str, labels: str, *, name: str, parts: str = r'(?P<stem>.+)') -> Layout:
    """Return the layout of two folders in which a pair has one stem."""
    return Layout(
        name=name,
        labels=f'{labels}/*.png',
        parts=rf'{re.escape(labels)}/{parts}\.png',
        images=with_suffixes(f'{images}/{{stem}}'),
        pair_name='{stem}',
        every_image=with_suffixes(f'{images}/*'),
    )


def find_pairs(
    set_name: str,
    root: Path,
    layouts: Sequence[Layout],
    *,
    images_root: Path | None = None,
    remedy: str,
) -> FoundPairs:
    """Return the pairs of the first layout that has label files and images, and what is missing.

    Args:
        set_name: for messages.
        root: folder of the label files.
        layouts: in order of preference.
        images_root: folder of the images where it is another one.
        remedy: what to do where nothing is found, for the message.

    Raises:
        DatasetError: no layout fits, no label file has its image, or two pairs have one name.
    """
    if not root.is_dir():
        raise DatasetError(f'{root} is no folder of {set_name}; {remedy}')
    fitting = [each for each in layouts if _matches(root, each)]
    # several re-packed forms share the folder of labels: the images tell them apart
    with_images = [each for each in fitting if _has_images(root, each)]
    for layout in with_images or fitting[:1]:
        return _found(layout, root, images_root or root, remedy=remedy)
    looked_for = '; '.join(f'{root}/{each.labels} ({each.name})' for each in layouts)
    inside = sorted(each.name for each in root.iterdir())
    raise DatasetError(
        f'no label file of {set_name} found. Looked for {looked_for}. The folder holds '
        f'{_few(inside)}; {remedy}'
    )


def _matches(root: Path, layout: Layout) -> list[tuple[Path, dict[str, str]]]:
    matches = []
    for path in sorted(root.glob(layout.labels)):
        match = re.fullmatch(layout.parts, path.relative_to(root).as_posix())
        if match is not None:
            parts = {key: value or '' for key, value in match.groupdict().items()}
            matches.append((path, parts))
    return matches


def _has_images(root: Path, layout: Layout) -> bool:
    """Tell whether images of the layout are there; True where it does not say where they lie."""
    globs = layout.every_image
    return not globs or any(next(root.glob(each), None) is not None for each in globs)


def _found(layout: Layout, root: Path, images_root: Path, *, remedy: str) -> FoundPairs:
    pairs, missing = [], []
    for label_path, parts in _matches(root, layout):
        candidates = [images_root / each.format(**parts) for each in layout.images]
        image_path = next((each for each in candidates if each.is_file()), None)
        overlay_path = root / layout.overlay.format(**parts) if layout.overlay else None
        if image_path is None:
            missing.append(' or '.join(str(each) for each in candidates))
            continue
        if overlay_path is not None and not overlay_path.is_file():
            missing.append(str(overlay_path))
            continue
        name, group = layout.pair_name.format(**parts), layout.group.format(**parts)
        pairs.append(Pair(name, group, image_path, label_path, overlay_path))
    if not pairs:
        raise DatasetError(
            f'{len(missing)} of {len(missing)} label files ({layout.name}) have no image; looked '
            f'for {missing[0]}; {remedy}'
        )
    _refuse_twice(pairs, root)
    taken = {each.image_path for each in pairs}
    every_image = {path for glob in layout.every_image for path in root.glob(glob)}
    return FoundPairs(
        layout=layout,
        pairs=tuple(sorted(pairs, key=lambda each: each.name)),
        missing=tuple(missing),
        images_without_labels=tuple(sorted(every_image - taken)),
    )


def _refuse_twice(pairs: Sequence[Pair], root: Path) -> None:
    times = Counter(each.name for each in pairs)
    twice = sorted(name for name, count in times.items() if count > 1)
    if twice:
        raise DatasetError(
            f'{len(twice)} names occur more than once below {root}, for example {twice[0]}: is '
            'the set there twice?'
        )


def _few(names: Sequence[str]) -> str:
    if not names:
        return 'nothing'
    rest = len(names) - _SHOWN
    return ', '.join(names[:_SHOWN]) + (f' and {rest} more' if rest > 0 else '')
