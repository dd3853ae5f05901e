"""File layouts as data: a pattern for the label files, and templates for what belongs to each."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from training.data.benchmarks.benchmark import BenchmarkError, Pair

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
    """Globs of images of which each must have labels."""


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


REPACKED: Final = (
    same_stem('images', 'labels', name='re-packed: images/ and labels/'),
    same_stem('original', 'labels', name='re-packed: original/ and labels/'),
)
"""Forms seen in the wild for several sets; the second one is that of synboost and PEBAL."""


def find_pairs(
    set_name: str,
    root: Path,
    layouts: Sequence[Layout],
    *,
    images_root: Path | None = None,
) -> tuple[Layout, tuple[Pair, ...]]:
    """Return the first layout that has label files and images, and its pairs in order of name.

    Args:
        set_name: for messages.
        root: folder of the label files.
        layouts: in order of preference.
        images_root: folder of the images where it is another one.

    Raises:
        BenchmarkError: no layout fits, an image or a label file is missing, or two pairs have
            one name.
    """
    if not root.is_dir():
        raise BenchmarkError(f'{root} is no folder; --root names the folder of {set_name}')
    fitting = [each for each in layouts if _matches(root, each)]
    # several re-packed forms share the folder of labels: the images tell them apart
    with_images = [each for each in fitting if _has_images(root, each)]
    for layout in with_images or fitting[:1]:
        pairs = _paired(_matches(root, layout), layout, root, images_root or root)
        _refuse_unlabelled(pairs, layout, root)
        return layout, pairs
    looked_for = '; '.join(f'{root}/{each.labels} ({each.name})' for each in layouts)
    found = sorted(each.name for each in root.iterdir())
    raise BenchmarkError(
        f'no label file of {set_name} found. Looked for {looked_for}. The folder holds '
        f'{_few(found)}; give the right --root, or use --dataset folder'
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


def _paired(
    matches: list[tuple[Path, dict[str, str]]], layout: Layout, root: Path, images_root: Path
) -> tuple[Pair, ...]:
    pairs, missing = [], []
    for label_path, parts in matches:
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
    if missing:
        raise BenchmarkError(
            f'{len(missing)} of {len(matches)} label files ({layout.name}) have no image; looked '
            f'for {missing[0]}; complete the set'
            + (', or give --images-root' if images_root == root else '')
        )
    times = Counter(each.name for each in pairs)
    twice = sorted(name for name, count in times.items() if count > 1)
    if twice:
        raise BenchmarkError(
            f'{len(twice)} names occur more than once below {root}, for example {twice[0]}: is '
            'the set there twice?'
        )
    return tuple(sorted(pairs, key=lambda each: each.name))


def _refuse_unlabelled(pairs: Sequence[Pair], layout: Layout, root: Path) -> None:
    """Refuse images without labels: a set that is not whole gives another number."""
    taken = {each.image_path for each in pairs}
    lacking = sorted(
        path for glob in layout.every_image for path in root.glob(glob) if path not in taken
    )
    if lacking:
        raise BenchmarkError(
            f'{len(lacking)} of {len(lacking) + len(taken)} images ({layout.name}) have no '
            f'labels, for example {lacking[0].name}; looked for {root}/{layout.labels} '
            'of the same stem. Add them or take the images out'
        )


def _few(names: Sequence[str]) -> str:
    if not names:
        return 'nothing'
    rest = len(names) - _SHOWN
    return ', '.join(names[:_SHOWN]) + (f' and {rest} more' if rest > 0 else '')
