"""Make an output folder and find out that it can be written, before any work starts."""

import shutil
import tempfile
from pathlib import Path
from typing import Final

RESERVE_BYTES: Final = 64_000_000
"""Kept free beyond the estimate, for other programs."""


class OutputFolderError(OSError):
    """An output folder that cannot take the results; the message says why and the remedy."""


def prepare_output_folder(folder: Path, *, needed_bytes: int) -> None:
    """Make `folder` where needed, prove that it is writable, and compare its free space.

    Raises:
        OutputFolderError: it cannot be made or written, or its disk has too little space.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise OutputFolderError(
            f'cannot write to output folder {folder} ({error}); name another folder with --out'
        ) from None
    free_bytes = shutil.disk_usage(folder).free
    if free_bytes < needed_bytes + RESERVE_BYTES:
        raise OutputFolderError(
            f'the results need about {_megabytes(needed_bytes + RESERVE_BYTES)}, the disk of '
            f'{folder} has {_megabytes(free_bytes)} free; make room or name another --out'
        )


def _megabytes(num_bytes: int) -> str:
    return f'{num_bytes / 1e6:.0f} MB'
