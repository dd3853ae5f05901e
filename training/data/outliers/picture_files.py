"""Find pictures and the files that describe them."""

from pathlib import Path
from typing import Any, Final

import numpy.typing as npt

PICTURE_SUFFIXES: Final = ('.jpg', '.jpeg', '.png', '.webp')


def find_pictures(folder: Path, *, wanted: str) -> list[Path]:
    """Return the pictures in `folder` and below, in order of name.

    Raises:
        FileNotFoundError: there is none; the message ends with `wanted`, what to give instead.
    """
    found = sorted(each for each in folder.rglob('*') if each.suffix.lower() in PICTURE_SUFFIXES)
    if not found:
        pattern = ','.join(each[1:] for each in PICTURE_SUFFIXES)
        raise FileNotFoundError(f'no picture matches {folder}/**/*.{{{pattern}}}; {wanted}')
    return found


def find_pairs(
    pictures: Path, masks: Path, *, suffix: str, wanted: str
) -> list[tuple[Path, Path]]:
    """Return pictures with the file of the same relative name and `suffix` below `masks`.

    Pictures without such a file are left out.

    Raises:
        FileNotFoundError: no picture, or none with a file.
    """
    found = [
        (each, (masks / each.relative_to(pictures)).with_suffix(suffix))
        for each in find_pictures(pictures, wanted=wanted)
    ]
    pairs = [pair for pair in found if pair[1].is_file()]
    if not pairs:
        raise FileNotFoundError(
            f'none of the {len(found)} pictures in {pictures} has its {suffix} file; '
            f'looked for {found[0][1]}; {wanted}'
        )
    return pairs


def check_same_size(
    image_rgb: npt.NDArray[Any], mask_map: npt.NDArray[Any], *, picture: Path, mask: Path
) -> None:
    """Refuse a mask that does not fit its picture.

    Raises:
        ValueError: they differ in height or width.
    """
    if image_rgb.shape[:2] != mask_map.shape:
        raise ValueError(
            f'{picture} is {image_rgb.shape[:2]} and {mask} is {mask_map.shape}; they must have '
            'the same height and width'
        )
